"""Samples of the last minutes for tests, with fixed waves in them and a gap."""

from dataclasses import replace
from math import sin

from console.cluster.history import EVERY_S, BalancerSample, MemberSample, NodeSample, Sample, sampled
from console.cluster.snapshot import Snapshot


def samples(snapshot: Snapshot, count: int = 180, gap: range = range(70, 85)) -> tuple[Sample, ...]:
    """So many, the newest at the end; in the gap nothing was known."""
    return tuple(_sample(sampled(snapshot, number * EVERY_S), number, number in gap) for number in range(count))


def _sample(sample: Sample, number: int, unknown: bool) -> Sample:
    wave = 1 + sin(number / 9) / 2
    spike = 40.0 if number in range(120, 124) else 0.0
    if unknown:
        return replace(
            sample,
            servers=(),
            balancers=tuple(
                BalancerSample(balancer=one.balancer, requests_s=None, sessions=None) for one in sample.balancers
            ),
            members=tuple(
                MemberSample(member=one.member, lag_s=None, ping_ms=None, oplog_window_s=None) for one in sample.members
            ),
            nodes=tuple(
                NodeSample(node=one.node, load1=None, memory_percent=None, disk_percent=None) for one in sample.nodes
            ),
        )
    return replace(
        sample,
        servers=tuple(
            replace(
                one,
                requests_s=30 * wave,
                sessions=round(20 * wave),
                errors_s=spike / 20,
                latency_ms=4.0 + spike * wave,
            )
            for one in sample.servers
        ),
        balancers=tuple(replace(one, requests_s=90 * wave, sessions=round(60 * wave)) for one in sample.balancers),
        members=tuple(replace(one, lag_s=spike / 10, ping_ms=0.6 * wave) for one in sample.members),
        nodes=tuple(replace(one, load1=0.7 * wave) for one in sample.nodes),
    )
