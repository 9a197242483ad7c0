"""Podman: a node's service and size as one of its containers."""

from plugins._containers import ContainerService, ContainerSize


class PodmanService(ContainerService):
    """A container of Podman's."""

    program = "podman"


class PodmanSize(ContainerSize):
    """The size of a container of Podman's."""

    program = "podman"


PROVIDES = {"service": PodmanService, "size": PodmanSize}
