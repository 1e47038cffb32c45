import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidInputError, TransientError } from '../model/errors.ts'

/** A section takes about 0.1 ms, so whoever waits this long waits for a process that was stopped, not for a queue. */
const WAIT_MS = 60_000

const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_CANTOPEN = 14

/**
 * A lock between processes and threads that dies with its holder. It is the write lock of an SQLite database, hence an fcntl lock on
 * Linux and macOS, which Node cannot take by itself. Each transaction is rolled back, so the database stays an empty file that no
 * crash can corrupt.
 */
export interface FolderLock {
  /** Runs `section`, which must be synchronous, while no other process is in a section. @throws TransientError after a minute's wait. */
  run<T>(section: () => T): Promise<T>
  close(): void
}

/** Opens the lock that lies in `folder`, making its file if need be. @throws InvalidInputError when the folder is not writable. */
export function openFolderLock(folder: string): FolderLock {
  const database = openDatabase(folder)
  return {
    async run(section) {
      const deadline = performance.now() + WAIT_MS
      while (!tryBegin(database, folder)) {
        if (performance.now() > deadline) throw new TransientError('the lock of the lake stayed taken', { folder, waitedMs: WAIT_MS })
        // SQLite's own waiting would block the event loop.
        await sleep(1 + Math.random() * 3)
      }
      try {
        return section()
      } finally {
        database.exec('ROLLBACK')
      }
    },
    close: () => database.close(),
  }
}

function openDatabase(folder: string): DatabaseSync {
  // Not imported: a command that only reads must run without it, and the loading must not make `openFolderLock` asynchronous.
  const sqlite = process.getBuiltinModule('node:sqlite')
  if (sqlite === undefined) throw new InvalidInputError('writing to a lake folder needs Node 22.13 or newer', { node: process.version })
  try {
    const database = new sqlite.DatabaseSync(`${folder}/lock.sqlite`, { timeout: 0 })
    database.exec('PRAGMA journal_mode = MEMORY')
    return database
  } catch (error) {
    throw classify(error, folder)
  }
}

function tryBegin(database: DatabaseSync, folder: string): boolean {
  try {
    database.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (sqliteCode(error) === SQLITE_BUSY) return false
    throw classify(error, folder)
  }
}

function classify(cause: unknown, folder: string): Error {
  const code = sqliteCode(cause)
  if (code === SQLITE_READONLY || code === SQLITE_CANTOPEN) return new InvalidInputError(`folder ${folder} is not writable`, {}, { cause })
  return new TransientError('the lock of the lake cannot be taken', { folder, sqliteCode: code }, { cause })
}

/** The primary code: the upper bits only say more about it. */
function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
