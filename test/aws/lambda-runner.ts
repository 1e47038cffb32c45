import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One invocation as the emulator asks for it. */
export interface Invocation {
  readonly functionName: string
  readonly environment: Readonly<Record<string, string>>
  readonly event: unknown
}

export interface LambdaRunner {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  close(): void
}

/** Where the emulator's functions run: in this process. An error is answered as the function's runtime reports it, by its name. */
export async function openLambdaRunner(run: (invocation: Invocation) => Promise<unknown>): Promise<LambdaRunner> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const invocation = JSON.parse(Buffer.concat(chunks).toString()) as Invocation
    try {
      outgoing.end(JSON.stringify({ payload: (await run(invocation)) ?? null }))
    } catch (error) {
      const [errorType, errorMessage] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
      outgoing.end(JSON.stringify({ error: true, payload: { errorType, errorMessage, trace: [] } }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
