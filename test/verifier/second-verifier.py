#!/usr/bin/env python3
"""A second verifier of ledgers, written from docs/ledger.md alone. Python's own library, and openssl for Ed25519.

Reads one question a line, {"folder": ..., "keys": [...], "head": "SEQUENCE:SHA256" or null, "store": ... or null}, and
answers each with the line that docs/ledger.md describes, without messages.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

CONTROL = "control"
CHECKPOINTS = "checkpoints"
NUMBER_MAX = 2**53 - 1
MEMBERS = ["version", "store", "chain", "sequence", "previous", "body"]
MEMBERS_UNDER_LEASE = ["version", "store", "chain", "sequence", "previous", "fence", "body"]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# The bytes of a record


class Junk(Exception):
    pass


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Junk
    return dict(pairs)


def refuse(text):
    raise Junk


def whole(text):
    # The length first: Python refuses to read very long numbers.
    if len(text) > 17 or abs(int(text)) > NUMBER_MAX:
        raise Junk
    return int(text)


def parse(text, is_canonical):
    try:
        if is_canonical:
            return json.loads(
                text, object_pairs_hook=unique, parse_float=refuse, parse_int=whole, parse_constant=refuse
            )
        return json.loads(text, parse_int=lambda digits: float(digits) if len(digits) > 17 else int(digits), parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Junk


SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def write_string(text):
    def write(character):
        if character in SHORT:
            return SHORT[character]
        code = ord(character)
        if code < 0x20 or 0xD800 <= code <= 0xDFFF:
            return "\\u%04x" % code
        return character

    return '"' + "".join(map(write, text)) + '"'


def write(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return write_string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return "{" + ",".join(write_string(name) + ":" + write(value[name]) for name in in_order(value)) + "}"


def in_order(names):
    numbers = [name for name in names if re.fullmatch("0|[1-9][0-9]{0,9}", name) and int(name) < 2**32 - 1]
    return sorted(numbers, key=int) + [name for name in names if name not in numbers]


def canonical_base64(text, size=None):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Junk
    if base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise Junk
    return data


def is_count(value):
    return type(value) is int and 1 <= value <= NUMBER_MAX


def check_types(record):
    body = record.get("body")
    if not (
        isinstance(record.get("chain"), str)
        and is_count(record.get("sequence"))
        and isinstance(record.get("previous"), str)
        and isinstance(body, dict)
        and isinstance(body.get("kind"), str)
    ):
        raise Junk


class Record:
    """What was read: its members, the hash of its bytes, and the key that signed it (None in version 1)."""

    def __init__(self, record, data, key):
        self.record = record
        self.hash = sha256(data)
        self.key = key
        self.sequence = record["sequence"]
        self.body = record["body"]
        self.fence = record.get("fence") if key is not None else None


def read_record(data):
    """Returns a Record, or "junk" or "forged"."""
    try:
        return read_form(data)
    except Junk:
        return "junk"


def read_form(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Junk
    line, newline, rest = text.partition("\n")
    first = parse(line, False)
    if not isinstance(first, dict):
        raise Junk
    version = first.get("version")
    if isinstance(version, bool) or version not in (1, 2):
        raise Junk
    if version == 1:
        check_types(first)
        if rest.strip(" \t\r\n") != "":
            raise Junk
        return Record(first, data, None)
    record = parse(line, True)
    check_types(record)
    if "fence" in record and not is_count(record["fence"]):
        raise Junk
    if list(record) != (MEMBERS_UNDER_LEASE if "fence" in record else MEMBERS):
        raise Junk
    if not isinstance(record["store"], str) or write(record) != line:
        raise Junk
    seal_line, last_newline, nothing = rest.partition("\n")
    seal = parse(seal_line, True)
    if newline == "" or last_newline == "" or nothing != "" or not isinstance(seal, dict):
        raise Junk
    if list(seal) != ["key", "signature"] or write(seal) != seal_line:
        raise Junk
    key, signature = seal["key"], seal["signature"]
    if not isinstance(key, str) or not isinstance(signature, str) or not key.startswith("ed25519:"):
        raise Junk
    public = canonical_base64(key[len("ed25519:") :], 32)
    message = ("hostlog record 2\n" + line + "\n").encode("utf-8")
    return Record(record, data, key) if holds(public, message, canonical_base64(signature)) else "forged"


known_signatures = {}


def holds(public, message, signature):
    name = (public, message, signature)
    if name not in known_signatures:
        known_signatures[name] = len(signature) == 64 and ask_openssl(public, message, signature)
    return known_signatures[name]


def ask_openssl(public, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        # RFC 8410: the key in the form that openssl reads.
        der = bytes.fromhex("302a300506032b6570032100") + public
        for name, data in (("key", der), ("message", message), ("signature", signature)):
            with open(path(name), "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", path("key"), "-rawin"]
        files = ["-in", path("message"), "-sigfile", path("signature")]
        return subprocess.run(command + files, capture_output=True).returncode == 0


# A ledger


class Ledger:
    def __init__(self, folder, pinned, pin, store):
        self.folder = folder
        self.pinned = pinned
        self.pin = pin
        self.store = store
        self.findings = {}
        self.writers = []
        self.root = None

    def find(self, chain, sequence, kind, subject=None):
        name = (chain, kind, subject)
        self.findings[name] = min(sequence, self.findings.get(name, sequence))

    def accepts(self, chain, key):
        return any(one["key"] == key and one["chain"] in (CONTROL, chain) for one in self.writers)


class Chain:
    """What was read of a chain, up to its first bad record."""

    def __init__(self, name):
        self.name = name
        self.records = []
        self.is_broken = False

    def last_hash(self):
        return self.records[-1].hash if self.records else "0" * 64

    def first_uses(self):
        uses = {}
        for one in self.records:
            if one.key is not None:
                uses.setdefault(one.key, one.sequence)
        return uses


def read_chain(ledger, name):
    chain = Chain(name)
    folder = os.path.join(ledger.folder, "chains", name)
    files = sorted(os.listdir(folder), key=os.fsencode) if os.path.isdir(folder) else []
    for file in files:
        n = len(chain.records) + 1
        one = next_record(chain, os.path.join(folder, file), file, n)
        if isinstance(one, str):
            ledger.find(name, n, one)
            chain.is_broken = True
            return chain
        chain.records.append(one)
        judge_record(ledger, name, one)
    return chain


def next_record(chain, path, file, n):
    if re.fullmatch(r"[0-9]{12}\.json", file) is None or int(file[:12]) == 0:
        return "alien"
    if int(file[:12]) > n:
        return "missing"
    with open(path, "rb") as opened:
        one = read_record(opened.read())
    if isinstance(one, str):
        return one
    if one.sequence != n or one.record["chain"] != chain.name or one.record["previous"] != chain.last_hash():
        return "unlinked"
    if one.key is None and chain.records and chain.records[-1].key is not None:
        return "unsigned"
    return one


def judge_record(ledger, chain, one):
    if one.key is not None:
        if chain == CONTROL and ledger.store is None:
            ledger.store = one.record["store"]
        if ledger.store is not None and one.record["store"] != ledger.store:
            ledger.find(chain, one.sequence, "other-store")
    if not has_place(chain, one.body):
        ledger.find(chain, one.sequence, "misplaced")
    if one.fence is not None and chain != CONTROL:
        ledger.find(chain, one.sequence, "fence")
    for member, attachment in attachments(one.body):
        if not is_there(ledger.folder, member, attachment):
            ledger.find(chain, one.sequence, "attachment", attachment.get("key") if chain == CONTROL else None)


def has_place(chain, body):
    if chain == CONTROL:
        return body["kind"] not in ("batch", "checkpoint")
    if chain == CHECKPOINTS:
        return body["kind"] == "checkpoint"
    return body["kind"] == "rewrite" or (body["kind"] == "batch" and body.get("node") == chain)


ATTACHMENTS = {
    "batch": "manifest",
    "purge-begun": "inventory",
    "purge-certificate": "inventory",
    "hold-placed": "scope",
    "hold-copied": "inputs",
}


def attachments(body):
    member = ATTACHMENTS.get(body["kind"])
    return [(member, body[member])] if member is not None and isinstance(body.get(member), dict) else []


def is_there(folder, member, attachment):
    key = attachment.get("key")
    if not isinstance(key, str) or re.match(r"(manifests|inventories|holds)/", key) is None or ".." in key:
        return False
    try:
        with open(os.path.join(folder, key), "rb") as file:
            data = file.read()
    except (OSError, ValueError):
        return member == "scope"
    return len(data) == attachment.get("sizeBytes") and sha256(data) == attachment.get("sha256")


# Who may sign, and leases


def read_control(ledger):
    chain = read_chain(ledger, CONTROL)
    lease = None
    for one in chain.records:
        if one.key is None:
            continue
        body = one.body
        is_acceptance = body["kind"] == "writer-accepted"
        is_of_itself = is_acceptance and body.get("chain") == CONTROL and body.get("key") == one.key
        is_takeover = is_of_itself and body.get("how") == "takeover"
        if ledger.accepts(CONTROL, one.key):
            pass
        elif ledger.root is None and is_of_itself and body.get("how") == "first":
            ledger.root = one.key
        elif is_takeover and one.key in ledger.pinned:
            ledger.root = ledger.root or one.key
        else:
            ledger.find(CONTROL, one.sequence, "takeover" if is_takeover else "unaccepted", one.key)
            continue
        if is_acceptance:
            ledger.writers.append({name: body.get(name) for name in ("chain", "key", "name", "how")})
        lease = follow(ledger, lease, one)
    if ledger.pinned and not any(one.key in ledger.pinned for one in chain.records):
        ledger.find(CONTROL, 1, "other-root")
    return chain


def follow(ledger, lease, one):
    """The lease that holds after the record: (fencing number, key), or None."""
    if one.fence is None:
        return (one.sequence, one.key) if one.body["kind"] == "lease" else lease
    if lease != (one.fence, one.key):
        ledger.find(CONTROL, one.sequence, "fence")
        return lease
    return None if one.body["kind"] == "lease-ended" else lease


# Checkpoints


def heads_of(body):
    heads = body.get("heads")
    if body["kind"] != "checkpoint" or not isinstance(heads, list) or not all(map(is_head, heads)):
        return None
    return {head["chain"]: head for head in heads}


def is_head(head):
    return (
        isinstance(head, dict)
        and isinstance(head.get("chain"), str)
        and is_count(head.get("sequence"))
        and isinstance(head.get("sha256"), str)
    )


def is_backwards(before, heads):
    for chain, was in before.items():
        now = heads.get(chain)
        if now is None or now["sequence"] < was["sequence"]:
            return True
        if now["sequence"] == was["sequence"] and now["sha256"] != was["sha256"]:
            return True
    return False


def compare(ledger, chain, sequence, seen_hash):
    if sequence <= len(chain.records):
        if chain.records[sequence - 1].hash != seen_hash:
            ledger.find(chain.name, sequence, "replaced")
    elif not chain.is_broken:
        ledger.find(chain.name, len(chain.records) + 1, "cut-off")


def read_checkpoints(ledger):
    """The chain, the last accepted checkpoint, and the pinned one if it is there."""
    chain = read_chain(ledger, CHECKPOINTS)
    before = None
    for one in chain.records:
        heads = heads_of(one.body)
        if heads is None:
            continue
        if before is not None and is_backwards(before, heads):
            ledger.find(CHECKPOINTS, one.sequence, "backwards")
        before = heads
    checkpoints = [one for one in chain.records if heads_of(one.body) is not None]
    accepted = [one for one in checkpoints if one.key is not None and ledger.accepts(CHECKPOINTS, one.key)]
    pinned = []
    if ledger.pin is not None:
        compare(ledger, chain, *ledger.pin)
        pinned = [one for one in checkpoints if (one.sequence, one.hash) == ledger.pin]
    return chain, (accepted[-1] if accepted else None), (pinned[0] if pinned else None)


def judge_keys(ledger, chain):
    for key, first in chain.first_uses().items():
        if not ledger.accepts(chain.name, key):
            ledger.find(chain.name, first, "unaccepted", key)


def is_waiting(ledger, chain, newest):
    uses = chain.first_uses()
    if len(uses) != 1 or any(one["chain"] == chain.name for one in ledger.writers):
        return False
    (key, first), = uses.items()
    seen = heads_of(newest.body).get(chain.name, {"sequence": 0}) if newest is not None else {"sequence": 0}
    return not ledger.accepts(chain.name, key) and first > seen["sequence"]


# The whole


def verify(folder, keys, head, store):
    pin = None
    if head is not None:
        sequence, hash_ = head.split(":")
        pin = (int(sequence), hash_)
    ledger = Ledger(folder, keys, pin, store)
    control = read_control(ledger)
    checkpoints, newest, pinned = read_checkpoints(ledger)
    compared = [heads_of(one.body) for one in (newest, pinned) if one is not None]
    for heads in compared:
        if CONTROL in heads:
            compare(ledger, control, heads[CONTROL]["sequence"], heads[CONTROL]["sha256"])
    is_cut_off = any(heads.get(CONTROL, {"sequence": 0})["sequence"] > len(control.records) for heads in compared)
    keys_judged = not control.is_broken and not is_cut_off
    if keys_judged:
        judge_keys(ledger, checkpoints)
    names = set(os.listdir(os.path.join(folder, "chains"))).union(*compared) - {CONTROL, CHECKPOINTS}
    waiting = []
    others = []
    for name in sorted(names, key=os.fsencode):
        chain = read_chain(ledger, name)
        others.append(chain)
        for heads in compared:
            if name in heads:
                compare(ledger, chain, heads[name]["sequence"], heads[name]["sha256"])
        if keys_judged and is_waiting(ledger, chain, newest):
            waiting.append(name)
        elif keys_judged:
            judge_keys(ledger, chain)
    report = answer(ledger, [control, checkpoints] + others, newest, pinned)
    return {**report, "waiting": waiting, "keysJudged": keys_judged}


def answer(ledger, chains, newest, pinned):
    order = [chain.name for chain in chains]
    findings = sorted((order.index(chain), sequence, kind) for (chain, kind, _), sequence in ledger.findings.items())
    return {
        "store": ledger.store,
        "root": ledger.root,
        "checkpoint": None if newest is None else {"sequence": newest.sequence, "sha256": newest.hash},
        "pinFound": None if ledger.pin is None else pinned is not None,
        "chains": [
            {
                "chain": chain.name,
                "records": len(chain.records),
                "unsigned": sum(one.key is None for one in chain.records),
                "sha256": chain.last_hash(),
            }
            for chain in chains
        ],
        "writers": ledger.writers,
        "findings": [
            {"chain": order[place], "sequence": sequence, "kind": kind, "serious": is_serious(order[place], kind)}
            for place, sequence, kind in findings
        ],
    }


def is_serious(chain, kind):
    return kind != "takeover" and (kind != "unaccepted" or chain in (CONTROL, CHECKPOINTS))


for line in sys.stdin:
    print(json.dumps(verify(**json.loads(line))), flush=True)
