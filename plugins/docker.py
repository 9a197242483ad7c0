"""Docker: a node's service and size as one of its containers."""

from plugins._containers import ContainerService, ContainerSize


class DockerService(ContainerService):
    """A container of Docker's."""

    program = "docker"


class DockerSize(ContainerSize):
    """The size of a container of Docker's."""

    program = "docker"


PROVIDES = {"service": DockerService, "size": DockerSize}
