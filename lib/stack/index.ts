/** What an app imports as `hindcast/stack`: a whole lake, its storage, and the parts that stand alone. */
export { BackfillMachine, type BackfillMachineOptions } from './backfill-machine.ts'
export { FeatureLake, type FeatureLakeOptions } from './feature-lake.ts'
export { HindcastFunction, type HindcastFunctionOptions } from './hindcast-function.ts'
export { LakeAlarms, type LakeAlarmsOptions } from './lake-alarms.ts'
export { LakeCatalog, type LakeCatalogOptions } from './lake-catalog.ts'
export { FUNCTION_TIMEOUT, LakeFunctions, type LakeFunctionsOptions } from './lake-functions.ts'
export { type LakeBucket, LakeStorage, type LakeStorageOptions } from './lake-storage.ts'
export { type FollowedBucket, LivePipeline, type LivePipelineOptions, LiveQueue, type LiveQueueOptions } from './live-pipeline.ts'
