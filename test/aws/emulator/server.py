"""moto's server with Step Functions that execute, and Lambda functions that run in the test's own process.

The test listens at LAMBDA_RUNNER_URL: an invocation is posted there as JSON, and its answer is the function's payload or error. No queue
invokes a function by itself: the test takes batches, as the event source mapping would, and gives back what the function says.
"""
import json
import os
import sys
import threading
import types
import urllib.request

import boto3
import moto.stepfunctions.models as stepfunctions
import moto.stepfunctions.parser.asl.utils.boto_client as boto_client
from moto import settings
from moto.awslambda.models import LambdaFunction
from moto.awslambda.urls import url_paths
from moto.core.config import default_user_config
from moto.sqs.models import Queue, SQSBackend
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

sys.setrecursionlimit(20_000)  # the interpreter recurses once per iteration of an inline map
default_user_config["stepfunctions"] = {"execute_state_machine": True}
stepfunctions.stepfunctions_backends = stepfunctions_parser_backends  # machines of a template execute too


def invoke(self, event=None):
    asked = {"functionName": self.function_name, "environment": self.environment_vars, "event": event}
    request = urllib.request.Request(os.environ["LAMBDA_RUNNER_URL"], json.dumps(asked).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=960) as answer:
        given = json.load(answer)
    return json.dumps(given["payload"]), bool(given.get("error")), ""


def account_settings(request, full_url, headers):
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    return 200, {}, json.dumps({"AccountLimit": limit, "AccountUsage": {}})


url_paths["{0}/(?P<api_version>[^/]+)/account-settings/?$"] = account_settings
LambdaFunction._invoke_lambda = invoke
settings.moto_server_host = lambda: "http://127.0.0.1"  # where a custom resource answers
# Its own mapping would receive whatever waits at each message that is sent, and soon all of it would count as received too often.
Queue.lambda_event_source_mappings = property(lambda self: {}, lambda self, mappings: None)
# Two pollers that ask in the same moment would both be given a message. A standard queue may do that too, seldom; what comes of it has a
# test of its own, where every event comes three times.
receiving = threading.Lock()
receive_message = SQSBackend.receive_message


def receive_in_turn(self, *args, **kwargs):
    with receiving:
        return receive_message(self, *args, **kwargs)


SQSBackend.receive_message = receive_in_turn

# One client per service: making one for each state that calls AWS costs more than the call.
clients = {}


def client(**options):
    options["config"] = options["config"].merge(boto_client.Config(max_pool_connections=256))
    key = (options["service_name"], options["region_name"])
    if key not in clients:
        clients[key] = boto3.client(**options)
    return clients[key]


boto_client.boto3 = types.SimpleNamespace(client=client)

import distributed_map  # noqa: E402,F401
import glue_versions  # noqa: E402,F401
from moto.server import main  # noqa: E402

main()
