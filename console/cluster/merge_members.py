"""The replica set out of every member's own view: each asked for itself, none believed for another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.cluster.layout import Layout
from console.cluster.observed import Known, Observed, known, node_at
from console.cluster.snapshot import Health, Member, MemberState, ReplicaSet
from console.cluster.views import MemberConfig, MemberView


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witness:
    """One member's view, what its age leaves of it, and the names by which it is spoken of."""

    name: str
    view: MemberView
    now: Known

    @property
    def answers(self) -> bool:
        return self.now.health is Health.UP

    @property
    def leads(self) -> bool:
        return self.answers and self.view.itself.writable

    @property
    def addresses(self) -> tuple[str, str]:
        return self.view.address, self.view.itself.address

    @property
    def authority(self) -> tuple[bool, bool, int, int]:
        return self.answers, self.leads, self.view.itself.term or 0, self.view.config_version or 0


def replica_set(layout: Layout, observed: Mapping[str, Observed[MemberView]], now_s: float) -> ReplicaSet:
    """The set by the configuration of its Primary, else by the newest that was seen."""
    witnesses = [_witness(layout, one, now_s) for one in observed.values()]
    answering = [witness for witness in witnesses if witness.answers]
    holders = [witness for witness in witnesses if witness.view.config]
    source = max(holders, key=lambda w: w.authority, default=None)
    config = source.view.config if source else ()
    others = _unconfigured(layout, config, witnesses)
    if not config and not others:
        return ReplicaSet()
    members = (
        *(_member(layout, line, witnesses) for line in config),
        *(replace(_member(layout, line, witnesses), configured=False) for line in others),
    )
    votes = sum(member.voting for member in members)
    trusted = sorted(answering, key=lambda w: w.authority, reverse=True)
    return ReplicaSet(
        name=next((w.view.set_name for w in (*trusted, *witnesses) if w.view.set_name), ""),
        term=max((w.view.itself.term for w in answering if w.view.itself.term is not None), default=None),
        config_version=source.view.config_version if source else None,
        votes=votes,
        majority=votes // 2 + 1,
        heartbeat_s=source.view.heartbeat_s if source else ReplicaSet().heartbeat_s,
        election_timeout_s=source.view.election_timeout_s if source else ReplicaSet().election_timeout_s,
        members=members,
        operable=next((w.view.operable for w in trusted if w.view.operable is not None), None),
    )


def _witness(layout: Layout, one: Observed[MemberView], now_s: float) -> _Witness:
    itself = one.view.itself
    node = node_at(layout, itself.address, "member") or node_at(layout, one.view.address, "member")
    return _Witness(
        name=node.name if node else itself.address,
        view=one.view,
        now=known(one, itself.health, itself.reason, now_s, layout.stale_after_s),
    )


def _unconfigured(layout: Layout, config: tuple[MemberConfig, ...], witnesses: list[_Witness]) -> list[MemberConfig]:
    """Whoever was looked at or is a member in the cluster file and in no configuration: shown, without a vote."""
    addresses = [line.address for line in config]
    named = {node.name for address in addresses if (node := node_at(layout, address, "member"))}
    named |= {node.name for node in layout.role("member") if node.spare}  # those are told apart, as spare members
    others = []
    for witness in witnesses:
        if not set(witness.addresses) & set(addresses) and witness.name not in named:
            others.append(witness.view.address)
            named.add(witness.name)
    for node in layout.role("member"):
        if node.name not in named:
            others.append(node.address if node.port is None else f"{node.address}:{node.port}")
    return [MemberConfig(address=address, votes=0, priority=0.0) for address in others]


def _member(layout: Layout, line: MemberConfig, witnesses: list[_Witness]) -> Member:
    node = node_at(layout, line.address, "member")
    name = node.name if node else line.address
    own = _own(line, name, witnesses)
    seen_by = tuple(
        (witness.name, peer)
        for witness in witnesses
        if witness.answers and witness is not own
        for peer in witness.view.peers
        if peer.address == line.address
    )
    return replace(
        _itself(line, own),
        name=name,
        address=line.address,
        domain=node.domain if node else "",
        votes=line.votes,
        priority=line.priority,
        hidden=line.hidden,
        arbiter=line.arbiter,
        delay_s=line.delay_s,
        newly_added=line.newly_added,
        options=line.options,
        lag_s=_lag_s(line, own, witnesses),
        seen_by=seen_by,
    )


def _own(line: MemberConfig, name: str, witnesses: list[_Witness]) -> _Witness | None:
    """The member's own view; where it is reached by two addresses, the one that answers."""
    own = [witness for witness in witnesses if line.address in witness.addresses or witness.name == name]
    return max(own, key=lambda w: w.authority, default=None)


def _itself(line: MemberConfig, own: _Witness | None) -> Member:
    """What it says of itself; of one that does not answer, only that and why."""
    if own is None:
        return Member(name="", address=line.address, reason="not looked at yet")
    if own.answers:
        itself = own.view.itself
        version = itself.config_version if itself.config_version is not None else own.view.config_version
        return replace(itself, health=Health.UP, age_s=own.now.age_s, config_version=version)
    state = MemberState.DOWN if own.now.health is Health.DOWN else MemberState.UNKNOWN
    return Member(
        name="",
        address=line.address,
        state=state,
        health=own.now.health,
        reason=own.now.reason,
        age_s=own.now.age_s,
    )


def _lag_s(line: MemberConfig, own: _Witness | None, witnesses: list[_Witness]) -> float | None:
    """Seconds behind, by one document: the Primary's, else that of the member in the highest term."""
    answering = [witness for witness in witnesses if witness.answers]
    judge = max(answering, key=lambda w: (w.leads, w.authority, -(w.now.age_s or 0.0)), default=None)
    if judge is None:
        return None
    if judge is own and judge.leads:
        return 0.0
    told = next((peer for peer in judge.view.peers if peer.address == line.address), None)
    if told is None:
        return own.view.itself.lag_s if own and own.answers else None
    return told.lag_s if told.health is Health.UP else None
