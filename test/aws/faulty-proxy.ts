import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { AtMost } from './at-most.ts'

/**
 * What happens to the next request: its answer is lost after it was done, it is answered with a status and never reaches the server, a bit
 * of the answer or of what is sent is flipped, or the answer breaks off or stands still in the middle.
 */
export type Fault =
  | { readonly kind: 'lose' }
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string }
  | { readonly kind: 'corrupt' | 'corrupt request' | 'cut' | 'stall' }

export interface FaultyProxy {
  readonly endpoint: string
  /** Faults of the requests to come, one each; later requests pass. */
  readonly faults: Fault[]
  /** `METHOD status` of what was answered or lost, in order. */
  readonly seen: string[]
  close(): void
}

export interface FaultyProxyOptions {
  /** Requests that are passed on at once. Default: all. */
  readonly atMost?: number
}

/** Stands between a client and a server, and fails as a network does. */
export async function openFaultyProxy(target: string, options: FaultyProxyOptions = {}): Promise<FaultyProxy> {
  const turns = new AtMost(options.atMost ?? Number.POSITIVE_INFINITY)
  const faults: Fault[] = []
  const seen: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    const fault = faults.shift()
    const body = await bytesOf(incoming)
    if (fault?.kind === 'refuse') {
      seen.push(`${incoming.method} ${fault.status}`)
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' })
      outgoing.end(`<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>${fault.code}</Message></Error>`)
      return
    }
    if (fault?.kind === 'corrupt request') flip(body)
    await turns.take(() => forward({ target, incoming, body }, outgoing, fault, seen))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { endpoint: `http://127.0.0.1:${port}`, faults, seen, close }
}

interface Forwarded {
  readonly target: string
  readonly incoming: IncomingMessage
  readonly body: Buffer
}

function forward({ target, incoming, body }: Forwarded, outgoing: ServerResponse, fault: Fault | undefined, seen: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const { method, headers, url } = incoming
    const passed = httpRequest(`${target}${url}`, { method, headers }, async (answer) => {
      const bytes = await bytesOf(answer)
      seen.push(`${method} ${fault?.kind === 'lose' ? 'lost' : answer.statusCode}`)
      if (fault?.kind === 'lose') incoming.socket.destroy()
      else {
        if (fault?.kind === 'corrupt') flip(bytes)
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        if (fault?.kind === 'cut') outgoing.write(bytes.subarray(0, bytes.length >> 1), () => incoming.socket.destroy())
        else if (fault?.kind === 'stall') outgoing.write(bytes.subarray(0, bytes.length >> 1))
        else outgoing.end(bytes)
      }
      resolve()
    })
    passed.once('error', reject)
    passed.end(body)
  })
}

/** Of a body in chunks with lengths around it the middle, which is of the bytes. */
function flip(bytes: Buffer): void {
  const at = bytes.length >> 1
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ 1
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
