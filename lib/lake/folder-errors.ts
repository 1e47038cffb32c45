import { type ErrorDetails, HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'

/** What was being done when the file system refused. */
export interface FolderAction {
  readonly action: 'read' | 'write'
  readonly folder: string
  readonly key?: string
  readonly neededBytes?: number
}

/** The code of an error of the file system, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** True for the errors that mean: there is no object at this path. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Turns an error of the file system into one of ours, once, at this border; ours pass unchanged. */
export function classifyFolderError(cause: unknown, { action, folder, ...rest }: FolderAction): HindcastError {
  if (cause instanceof HindcastError) return cause
  const code = errorCode(cause)
  const details: ErrorDetails = { ...rest, code }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new TransientError(
        `folder ${folder}: the disk is full, the object was not ${action === 'write' ? 'written' : 'copied'}`,
        details,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new InvalidInputError(`folder ${folder} is not ${action === 'read' ? 'readable' : 'writable'}`, details, { cause })
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return new InvalidInputError(`folder ${folder} cannot hold a file and a folder of one name`, details, { cause })
    case 'ENAMETOOLONG':
      return new InvalidInputError(`folder ${folder} cannot hold so long a name`, details, { cause })
    case 'EXDEV':
      return new InvalidInputError(`folder ${folder} reaches over two devices, so a write cannot be atomic`, details, { cause })
    case 'ELOOP':
      return new InvalidInputError(`folder ${folder} holds links that lead in a circle`, details, { cause })
    case undefined:
      return new InternalError(`folder ${folder}: ${action} failed`, details, { cause })
    default:
      return new TransientError(`folder ${folder}: ${action} failed`, details, { cause })
  }
}
