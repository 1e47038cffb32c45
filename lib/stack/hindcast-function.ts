import { existsSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { type BundlingOptions, NodejsFunction, type NodejsFunctionProps, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'

/** `.ts` in a checkout. In a package this file is compiled, and the functions beside it. */
const ENDING = extname(fileURLToPath(import.meta.url))
const FUNCTIONS = fileURLToPath(new URL('../../functions/', import.meta.url))

export interface HindcastFunctionOptions {
  /** A file of `functions/`, without its ending. */
  readonly verb: 'plan' | 'publish' | 'register' | 'report' | 'sweep' | 'train' | 'transform' | 'verify'
  readonly environment: Readonly<Record<string, string>>
  /** Bundles the engine's native binding. */
  readonly engine?: boolean
  /** Definitions folder that goes with the code. */
  readonly definitions?: string
  /** Megabytes. An engine has half of it. */
  readonly memory?: number
  /** Megabytes of `/tmp`. */
  readonly disk?: number
  readonly timeout?: Duration
}

/** One handler as a function on arm64, with a role that may write its own log and nothing else. */
export class HindcastFunction extends NodejsFunction {
  readonly verb: HindcastFunctionOptions['verb']

  constructor(scope: Construct, id: string, options: HindcastFunctionOptions) {
    const logGroup = new LogGroup(scope, `${id}Log`, { retention: RetentionDays.THREE_MONTHS, removalPolicy: RemovalPolicy.DESTROY })
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    super(scope, id, {
      entry: `${FUNCTIONS}${options.verb}${ENDING}`,
      ...lockOf(),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: options.memory ?? 1024,
      ephemeralStorageSize: Size.mebibytes(options.disk ?? 512),
      timeout: options.timeout ?? Duration.minutes(15),
      environment: { ...options.environment },
      role,
      logGroup,
      tracing: Tracing.ACTIVE,
      bundling: bundlingOf(options),
    })
    this.verb = options.verb
  }

  /** Allows actions on the objects below these key patterns of a bucket. */
  allowObjects(actions: readonly string[], objects: readonly string[]): void {
    this.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...objects] }))
  }
}

/** As `scripts/bundle.ts` has it; the binding is installed for the function's machine, whatever this one is. */
function bundlingOf({ engine, definitions }: HindcastFunctionOptions): BundlingOptions {
  return {
    format: OutputFormat.ESM,
    target: 'node24',
    minify: true,
    sourceMap: false,
    bundleAwsSDK: true,
    banner: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    ...(engine && { nodeModules: ['@duckdb/node-api'] }),
    environment: { npm_config_cpu: 'arm64', npm_config_os: 'linux', npm_config_libc: 'glibc' },
    commandHooks: {
      beforeBundling: () => [],
      beforeInstall: () => [],
      afterBundling: (_input, output) => (definitions === undefined ? [] : [`cp -R "${resolve(definitions)}" "${output}/definitions"`]),
    },
  }
}

/**
 * Which versions of what is not bundled are installed beside the code: those of hindcast's own lock file. A package has none; there the CDK
 * looks for the app's, from the folder in which it is synthesised upwards.
 */
function lockOf(): Pick<NodejsFunctionProps, 'projectRoot' | 'depsLockFilePath'> {
  const roots = ['../../', '../../../'].map((above) => fileURLToPath(new URL(above, import.meta.url)))
  const projectRoot = roots.find((root) => existsSync(join(root, 'package-lock.json')))
  return projectRoot === undefined ? {} : { projectRoot, depsLockFilePath: join(projectRoot, 'package-lock.json') }
}
