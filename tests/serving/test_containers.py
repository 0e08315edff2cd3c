"""The container files, by the schemas and protocol buffers of those who read them."""

import re
import shlex
import subprocess

import pytest
import yaml

from serving.api import has_api
from tests.helpers import REPOSITORY
from tests.serving.servers import http

SERVING = REPOSITORY / "serving"
FLAVOURS = ("cpu", "gpu")


def config(name):
    return (SERVING / "config" / name).read_text()


def manifests(flavour):
    text = (SERVING / "kubernetes" / f"{flavour}.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.mark.skipif(not has_api(), reason="needs tensorflow-serving-api")
def test_the_model_config_is_one_of_tensorflow_serving():
    from google.protobuf import text_format
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


def test_batching_sizes():
    # The protocol buffer itself is not part of tensorflow-serving-api.
    text = re.sub(r"#.*", "", config("batching.config"))
    fields = dict(re.findall(r"(\w+) \{ value: (\d+) \}", text))
    assert set(fields) == {
        "max_batch_size",
        "batch_timeout_micros",
        "max_enqueued_batches",
        "num_batch_threads",
    }
    sizes = [int(size) for size in re.findall(r"allowed_batch_sizes: (\d+)", text)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == int(fields["max_batch_size"])


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
    validate = pytest.importorskip("kubernetes_validate")
    for document in manifests(flavour).values():
        validate.validate(document, validate.latest_version(), strict=True)


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
