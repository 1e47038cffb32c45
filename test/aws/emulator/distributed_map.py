"""What moto 5.2.5 lacks of Step Functions and our machine uses, after the documentation of AWS: ItemsPointer, tolerated failures, files of
the ResultWriter (also of a map run that failed), errors of AWS by name out of an inline map, StartExecution without a name, DescribeMapRun's
counts, UpdateMapRun while the map runs. Tries come sooner.

It patches moto's own modules, so the version is pinned. It is a model: it shows that definition and functions fit together.
"""
import base64
import datetime
import json
import threading
import time
import types
import uuid

from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_output_transformer import transformer_json
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import distributed_item_processor_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import MapRunRecord
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import ResourceEvalS3
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import ResultWriter
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramRunning, ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

WORKERS_MAX = 256  # threads of one map run
COMMENT = "emulated:"


# ---- fields that moto's parser does not know travel in the state's comment
def take_out(node):
    if isinstance(node, list):
        return [take_out(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    plain = ("Parameters", "Result", "ItemSelector", "ResultSelector")
    node = {key: value if key in plain else take_out(value) for key, value in node.items()}
    if node.get("Type") == "Map":
        pointer = node.get("ItemReader", {}).get("ReaderConfig", {}).pop("ItemsPointer", "")
        node["Comment"] = COMMENT + base64.b64encode(pointer.encode()).decode()
    return node


parse = AmazonStateLanguageParser.parse
AmazonStateLanguageParser.parse = staticmethod(lambda definition: parse(json.dumps(take_out(json.loads(definition)))))
from_state_props = StateMap.from_state_props


def with_fields(self, props):
    from_state_props(self, props)
    self.iteration_component.writer = self.result_writer
    if self.item_reader and self.comment and self.comment.comment.startswith(COMMENT):
        self.item_reader.resource_output_transformer.pointer = base64.b64decode(self.comment.comment[len(COMMENT):]).decode()


StateMap.from_state_props = with_fields


# ---- the reader
eval_json = transformer_json.ResourceOutputTransformerJson._eval_body
eval_reader = ItemReader._eval_body


def eval_pointed(self, env):
    value = json.loads(env.stack[-2])
    for part in getattr(self, "pointer", "").split("/")[1:]:
        value = value[part]
    env.stack[-2] = json.dumps(value)
    eval_json(self, env)


def eval_named(self, env):
    try:
        eval_reader(self, env)
    except FailureEventException:
        raise
    except Exception as error:
        raise failure(env, StatesErrorNameType.StatesItemReaderFailed, str(error))


transformer_json.ResourceOutputTransformerJson._eval_body = eval_pointed
ItemReader._eval_body = eval_named


def failure(env, kind, cause):
    name = StatesErrorName(typ=kind)
    details = EventDetails(mapRunFailedEventDetails=MapRunFailedEventDetails(error=name.error_name, cause=cause))
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=HistoryEventType.MapRunFailed, event_details=details))


# ---- the map run
def run_map(self, env, eval_input):
    record, items = eval_input.map_run_record, env.stack.pop()
    record.lock, record.workers, record.begun, record.total, record.results = threading.RLock(), 0, 0, len(items), {}
    env._map_run_record = record
    if not items:
        env.stack.append([])
        return
    pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)

    def grow():
        with record.lock:
            more = min(record.max_concurrency or WORKERS_MAX, WORKERS_MAX, len(items)) - record.workers
            record.workers += max(more, 0)
        for _ in range(more):
            self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)

    record.grow = grow
    grow()
    pool.await_jobs()
    error = pool.get_worker_exception()
    if error is not None:
        if self.writer is not None:
            write_files(self.writer, env, self.writer.resource_eval)
        raise error
    pool.get_closed_jobs()
    env.stack.append([record.results[at]["output"] for at in sorted(record.results) if record.results[at]["Status"] == "SUCCEEDED"])


def work(self):
    """A loop, where moto recurses once per item."""
    record, pool = self._map_run_record, self._job_pool
    job = pool.next_job()
    while job is not None:
        frame = self._env.open_inner_frame()
        self._eval_job(env=frame, job=job)
        self._env.delete_frame(frame)
        with record.lock:
            last = isinstance(job.job_output, Exception) or self.stopped() or 0 < record.max_concurrency < record.workers
            after = None if last else pool.next_job()
            if after is None:
                record.workers -= 1
        if after is None:
            self._env.delete_frame(self._env)
        pool.close_job(job)
        job = after


Worker = distributed_item_processor_worker.DistributedItemProcessorWorker
eval_job = Worker._eval_job


def eval_told(self, env, job):
    record, name, started = self._map_run_record, str(uuid.uuid4()), now()
    with record.lock:
        record.begun += 1
    eval_job(self, env, job)
    state = env.program_state()
    stopped = isinstance(state, (ProgramStopped, ProgramRunning))
    # The input as the child got it: the item as the map's selector made it.
    child = {"ExecutionArn": f"{record.map_state_machine_arn}:{name}", "Input": json.dumps(given_to(env, job)), "Name": name, "StartDate": started}
    if isinstance(state, ProgramEnded):
        child.update(Status="SUCCEEDED", Output=json.dumps(job.job_output), output=job.job_output)
    elif stopped:
        child.update(Status="ABORTED")
    else:
        error = state.error or {}
        child.update(Status="FAILED", Error=error.get("error"), Cause=error.get("cause"))
    with record.lock:
        record.results[job.job_index] = {**child, "StopDate": now()}
        failed = sum(one["Status"] == "FAILED" for one in record.results.values())
        if child["Status"] == "FAILED" and failed * 100.0 / record.total > (record.tolerated_failure_percentage or 0):
            cause = "The specified tolerated failure threshold was exceeded"
            job.job_output = failure(env, StatesErrorNameType.StatesExceedToleratedFailureThreshold, cause)


def given_to(env, job):
    return getattr(env, "selected", job.job_input)


eval_input_of = Worker._eval_input


def eval_selected(self, env_frame):
    eval_input_of(self, env_frame)
    env_frame.selected = env_frame.states.get_input()


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


distributed_iteration_component.DistributedIterationComponent._map_run = run_map
Worker.eval = work
Worker._eval_job = eval_told
Worker._eval_input = eval_selected


# ---- DescribeMapRun counts every item, UpdateMapRun changes how many run at a time at once
describe, update = MapRunRecord.describe, MapRunRecord.update


def describe_counted(self):
    told = describe(self)
    if hasattr(self, "results"):
        with self.lock:
            ended = [one["Status"] for one in self.results.values()]
            done = {name.lower(): ended.count(name) for name in ("SUCCEEDED", "FAILED", "ABORTED")}
            left = {"running": self.begun - len(ended), "pending": self.total - self.begun}
        if self.status != "RUNNING":
            done["aborted"] += sum(left.values())
            left = {"running": 0, "pending": 0}
        told["itemCounts"] = told["executionCounts"] = {**done, **left, "timedOut": 0, "total": self.total, "resultsWritten": 0}
    return told


def update_now(self, max_concurrency, *tolerated, **more):
    update(self, max_concurrency, *tolerated, **more)
    if max_concurrency is not None and self.status == "RUNNING" and hasattr(self, "grow"):
        self.grow()


MapRunRecord.describe = describe_counted
MapRunRecord.update = update_now

# ---- the result writer
def write_files(writer, env, evaluated):
    env.stack.append(env.states.get_input())
    writer.parargs.eval(env=env)
    given = env.stack.pop()
    env.stack.pop()
    evaluated.resource.eval(env=env)
    credentials = StateCredentials(role_arn=env.aws_execution_details.role_arn)
    s3 = ResourceEvalS3._get_s3_client(resource_runtime_part=env.stack.pop(), state_credentials=credentials)
    record = env._map_run_record
    base = f"{given['Prefix'].rstrip('/')}/{record.map_run_arn.split(':')[-1]}"
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status, statuses in (("SUCCEEDED", ["SUCCEEDED"]), ("FAILED", ["FAILED", "ABORTED"])):
        children = [{key: value for key, value in one.items() if key != "output"} for _, one in sorted(record.results.items()) if one["Status"] in statuses]
        if children:
            body, key = json.dumps(children).encode(), f"{base}/{status}_0.json"
            s3.put_object(Bucket=given["Bucket"], Key=key, Body=body)
            files[status].append({"Key": key, "Size": len(body)})
    manifest = {"DestinationBucket": given["Bucket"], "MapRunArn": record.map_run_arn, "ResultFiles": files}
    s3.put_object(Bucket=given["Bucket"], Key=f"{base}/manifest.json", Body=json.dumps(manifest).encode())
    return {"MapRunArn": record.map_run_arn, "ResultWriterDetails": {"Bucket": given["Bucket"], "Key": f"{base}/manifest.json"}}


def eval_writer(self, env):
    env.stack.pop()
    env.stack.append(write_files(self, env, self.resource_eval))


ResultWriter._eval_body = eval_writer

# ---- errors: names of AWS may be raised again out of an inline map, what unwinds after a stop changes nothing
custom_error_name.CustomErrorName.__init__ = lambda self, error_name: ErrorName.__init__(self, error_name=error_name)
set_error = Environment.set_error
Environment.set_error = lambda self, error: None if isinstance(self._program_state, ProgramStopped) else set_error(self, error)

# ---- waits before another try: twenty seconds of the definition are one here
retrier_decl.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 20))

# ---- the API: a name where none was given, and errors that the clients can read
start = StepFunctionsParserBackend.start_execution
StepFunctionsParserBackend.start_execution = lambda self, arn, name=None, *rest, **more: start(self, arn, name or str(uuid.uuid4()), *rest, **more)
for kind in vars(api).values():
    if isinstance(kind, type) and issubclass(kind, Exception) and isinstance(vars(kind).get("code"), str) and not getattr(kind, "TYPE", None):
        kind.TYPE = kind.code
