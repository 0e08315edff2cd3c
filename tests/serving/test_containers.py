"""The container files, by the schemas and protocol buffers of those who read them."""

import copy
import functools
import re
import shlex
import subprocess

import pytest
import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from maskanim_tf.serving.api import has_api
from tests.helpers import REPOSITORY
from tests.serving.servers import http

# The fields of TensorFlow Serving's session_bundle_config.proto and monitoring_config.proto.
BATCHING_PROTO = """
name: "batching.proto" package: "tensorflow.serving" syntax: "proto3"
dependency: "google/protobuf/wrappers.proto"
message_type {
  name: "BatchingParameters"
  field { name: "max_batch_size" number: 1 type_name: ".google.protobuf.Int64Value" }
  field { name: "batch_timeout_micros" number: 2 type_name: ".google.protobuf.Int64Value" }
  field { name: "max_enqueued_batches" number: 3 type_name: ".google.protobuf.Int64Value" }
  field { name: "num_batch_threads" number: 4 type_name: ".google.protobuf.Int64Value" }
  field { name: "thread_pool_name" number: 5 type_name: ".google.protobuf.StringValue" }
  field { name: "allowed_batch_sizes" number: 6 type: TYPE_INT64 label: LABEL_REPEATED }
  field { name: "pad_variable_length_inputs" number: 7 type: TYPE_BOOL }
}
"""
MONITORING_PROTO = """
name: "monitoring.proto" package: "tensorflow.serving" syntax: "proto3"
message_type {
  name: "PrometheusConfig"
  field { name: "enable" number: 1 type: TYPE_BOOL }
  field { name: "path" number: 2 type: TYPE_STRING }
}
message_type {
  name: "MonitoringConfig"
  field { name: "prometheus_config" number: 1 type_name: ".tensorflow.serving.PrometheusConfig" }
}
"""

SERVING = REPOSITORY / "serving"
FLAVOURS = ("cpu", "gpu")


def config(name):
    return (SERVING / "config" / name).read_text()


def manifests(flavour):
    text = (SERVING / "kubernetes" / f"{flavour}.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")
def test_the_model_config_is_one_of_tensorflow_serving():
    from tensorflow_serving.config import model_server_config_pb2

    parsed = text_format.Parse(
        config("models.config"), model_server_config_pb2.ModelServerConfig()
    ).model_config_list.config
    assert [(model.name, model.base_path) for model in parsed] == [("maskanim", "/models/maskanim")]
    # The versions and labels that the comment proposes are right as well.
    proposed = "".join(re.findall(r"^#   (.*)", config("models.config"), re.M))
    model = text_format.Parse(proposed, model_server_config_pb2.ModelConfig())
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    assert set(model.version_labels.values()) <= set(model.model_version_policy.specific.versions)


def server_messages():
    """TensorFlow Serving's messages that tensorflow-serving-api lacks, by name."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    for content in (BATCHING_PROTO, MONITORING_PROTO):
        file = text_format.Parse(content, descriptor_pb2.FileDescriptorProto())
        pool.Add(file)
    names = ("BatchingParameters", "MonitoringConfig")
    found = (pool.FindMessageTypeByName(f"tensorflow.serving.{name}") for name in names)
    return {message.name: message_factory.GetMessageClass(message) for message in found}


def test_batching_sizes():
    parsed = text_format.Parse(config("batching.config"), server_messages()["BatchingParameters"]())
    sizes = list(parsed.allowed_batch_sizes)
    # The server refuses anything else.
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == parsed.max_batch_size.value
    assert parsed.num_batch_threads.value > 0


def test_monitoring():
    parsed = text_format.Parse(config("monitoring.config"), server_messages()["MonitoringConfig"]())
    assert parsed.prometheus_config.enable
    for flavour in FLAVOURS:
        pod = manifests(flavour)["Deployment"]["spec"]["template"]
        path = pod["metadata"]["annotations"]["prometheus.io/path"]
        assert path == parsed.prometheus_config.path


@pytest.mark.parametrize(
    "text", ["max_batch_size: 16", "max_batchsize { value: 16 }", "allowed_batch_sizes: [1, 2"]
)
def test_broken_batching_parameters_are_seen(text):
    with pytest.raises(text_format.ParseError):
        text_format.Parse(text, server_messages()["BatchingParameters"]())


def test_compose():
    service = yaml.safe_load((SERVING / "compose.yaml").read_text())["services"]["maskanim"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert [port.rpartition(":")[2] for port in service["ports"]] == ["8500", "8501"]
    assert service["volumes"][0]["read_only"]
    assert service["read_only"]
    assert service["healthcheck"]["test"] == ["CMD", "healthy"]


def test_the_dockerfile_copies_what_exists_and_is_not_root():
    text = (SERVING / "Dockerfile").read_text()
    setup = (REPOSITORY / "setup.cfg").read_text()
    version = re.search(r"tensorflow==(\S+);", setup)[1]
    assert f"ARG IMAGE=tensorflow/serving:{version}\n" in text
    for source in re.findall(r"^COPY \S+ (\S+)", text, re.M):
        assert (SERVING / source).exists()
    for name in re.findall(r"/etc/maskanim/(\S+?)\"", text):
        assert config(name)
    assert re.search(r"^USER [1-9]\d*:", text, re.M)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_manifests_fit_their_schemas(flavour):
    kubernetes = pytest.importorskip("kubernetes_validate")
    version = kubernetes.latest_version()
    found = manifests(flavour)
    assert set(found) == {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
    for document in found.values():
        assert version.startswith(kubernetes.validate(document, version, strict=True))
    # What is wrong is seen: each of these is one mistake in a manifest that is right.
    pod = "spec.template.spec"
    for kind, path, value in (
        ("Deployment", "spec.replica", 1),
        ("Deployment", f"{pod}.containers.0.ports.0.containerPort", "eight"),
        ("Deployment", f"{pod}.containers.0.readinessProbe.httpGet.prt", "rest"),
        ("Deployment", "spec.selector", None),
        ("Service", "spec.ports.0.port", None),
        ("PodDisruptionBudget", "spec.maxUnavailable", [1]),
        ("HorizontalPodAutoscaler", "spec.maxReplicas", None),
    ):
        broken = copy.deepcopy(found[kind])
        *above, last = path.split(".")
        place = functools.reduce(
            lambda node, key: node[int(key) if key.isdecimal() else key], above, broken
        )
        if value is None:
            del place[last]
        else:
            place[last] = value
        with pytest.raises(kubernetes.ValidationError):
            kubernetes.validate(broken, version, strict=True)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_manifests_fit_each_other(flavour):
    found = manifests(flavour)
    deployment = found["Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["volumeMounts"][0]["readOnly"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {port["targetPort"] for port in found["Service"]["spec"]["ports"]} == set(ports)
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": "/v1/models/maskanim", "port": "rest"}
    assert "memory" in container["resources"]["limits"]
    gpus = container["resources"]["limits"].get("nvidia.com/gpu", 0)
    assert gpus == (flavour == "gpu")


def test_the_health_check(address):
    """Of the container, told the local server's port."""
    host, port = address.rest.removeprefix("http://").split(":")
    script = (SERVING / "healthy.sh").read_text().replace("127.0.0.1/8501", f"{host}/{port}")

    def healthy(model):
        command = ["bash", "-c", script, "healthy", model]
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0

    assert healthy(address.model)
    assert not healthy("nonsense")
    assert http("GET", address.url)[0] == 200
    assert shlex.split(script.splitlines()[0][2:]) == ["/bin/bash"]
