import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Engine } from '../../../lib/engine/engine.ts'
import { TransientError } from '../../../lib/model/errors.ts'

it('an interrupt ends a query on several threads in the middle, and nothing runs after it', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'hindcast-interrupt-'))
  const engine = new Engine({ scratch: join(scratch, 'e') })
  try {
    const started = performance.now()
    const query = engine.parallel(2, (session) =>
      session.rows('SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range'),
    )
    const ended = expect(query).rejects.toThrow(TransientError)
    await sleep(200)
    engine.interrupt()
    await ended
    expect(performance.now() - started).toBeLessThan(30_000)
    await expect(engine.parallel(2, (session) => session.rows('SELECT 1'))).rejects.toThrow('the engine was interrupted')
  } finally {
    await engine.close()
    await rm(scratch, { recursive: true })
  }
})
