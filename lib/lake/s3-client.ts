import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

/** Requests that are under way at once, over all of a process. */
const SOCKETS_MAX = 50
/** After so many tries a request fails; the pauses between them double, with jitter, from half a second on where S3 says `SlowDown`. */
const TRIES_MAX = 5
const CONNECT_MS_MAX = 5000
/** A connection on which nothing comes or goes for so long is given up. */
const IDLE_MS_MAX = 30_000

export interface S3ClientOptions extends Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials' | 'forcePathStyle'> {
  readonly idleMsMax?: number
}

/** The client of every bucket: tries again after 500, 503, time-outs and lost connections, and never waits for ever. */
export function openS3Client({ idleMsMax = IDLE_MS_MAX, ...options }: S3ClientOptions = {}): S3Client {
  const agent = { maxSockets: SOCKETS_MAX, keepAlive: true }
  return new S3Client({
    ...options,
    followRegionRedirects: true,
    maxAttempts: TRIES_MAX,
    requestHandler: { httpAgent: agent, httpsAgent: agent, connectionTimeout: CONNECT_MS_MAX, socketTimeout: idleMsMax },
  })
}
