"""Which of sudo's rules counts, by the lists that a real sudo 1.9.13 printed."""

import pytest

from plugins._sudo import asks_password, rule

HEAD = "Matching Defaults entries for ops on db1:\n    env_reset, use_pty\n\nUser ops may run ...:\n"


def entry(options: str, *commands: str) -> str:
    told = f"    Options: {options}\n" if options else ""
    return f"\nSudoers entry:\n    RunAsUsers: root\n{told}    Commands:\n" + "".join(f"\t{c}\n" for c in commands)


FREE = "!authenticate"
STOP = "/usr/bin/systemctl stop mongod.service"


@pytest.mark.parametrize(
    ("rules", "asks"),
    [
        (entry(FREE, STOP), False),
        (entry("", STOP), True),
        (entry(FREE, "ALL"), False),
        (entry("", "ALL"), True),
        (entry("", "ALL") + entry(FREE, STOP), False),
        (entry(FREE, STOP) + entry("", "ALL"), True),  # the last one that matches counts
        (entry(FREE, "/usr/bin/systemctl"), False),  # without arguments it allows any
        (entry(FREE, '/usr/bin/systemctl ""'), True),  # and so it allows none
        (entry(FREE, "/usr/bin/systemctl stop *"), False),
        (entry(FREE, "/usr/bin/systemctl start *"), True),
        (entry(f"setenv, {FREE}", STOP), False),
        (entry(FREE, "/usr/bin/*"), False),
        (entry("authenticate", STOP), True),
        ("", True),
    ],
)
def test_the_last_rule_that_matches_decides_whether_a_password_is_asked_for(rules: str, asks: bool) -> None:
    assert asks_password(STOP, HEAD + rules) is asks


def test_what_sudoers_escapes_is_the_character_itself() -> None:
    rules = HEAD + entry(FREE, r"/usr/bin/dd of\=/etc/nginx/conf.d/.app.conf conv\=fsync", r"/usr/bin/id -u\:x")
    assert not asks_password("/usr/bin/dd of=/etc/nginx/conf.d/.app.conf conv=fsync", rules)
    assert not asks_password("/usr/bin/id -u:x", rules)
    assert asks_password("/usr/bin/dd of=/etc/shadow conv=fsync", rules)


def test_the_rule_to_add_is_one_that_sudoers_takes() -> None:
    argv = ("systemctl", "set-property", "mongod.service", "MemoryMax=infinity")
    assert rule(argv) == r"NOPASSWD: systemctl set-property mongod.service MemoryMax\=infinity"


def test_a_default_of_the_user_counts_where_no_rule_says_otherwise() -> None:
    free = HEAD.replace("use_pty", "!authenticate")
    assert not asks_password(STOP, free + entry("", STOP))
    assert asks_password(STOP, free + entry("authenticate", STOP))
