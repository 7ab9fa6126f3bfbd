"""Two hosts on one machine: network namespaces with a link of a given rate and delay between them.

The link is a process that passes packets from one TUN device to another as late as a real one would: a packet leaves
when those before it have left, takes its bits' time, and arrives a delay later. Kernels can do that by themselves
(netem), but many are built without. Packets have the length that a network card with segmentation offload gets, at most
64 KiB; the time on the wire is that of the Ethernet frames that they would be cut into.

Namespaces have no name, so nothing is left of them when their processes have ended, however that came about.
"""

import collections
import ctypes
import fcntl
import gc
import os
import select
import signal
import struct
import subprocess
import sys
import time
import traceback

# Private, and visible inside the namespaces alone.
NETWORK = "10.213.77.0/30"
ADDRESSES = ("10.213.77.1", "10.213.77.2")

FRAME_BYTES_EXTRA = 14 + 4 + 8 + 12  # Ethernet's header and checksum, preamble, gap
PACKET_BYTES_MAX = 65_600

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 1, 2, 4
# Segmentation type, length of the headers, length of a segment's payload.
OFFLOAD_HEADER = struct.Struct("<xBHHxxxx")

libc = ctypes.CDLL(None, use_errno=True)


class ShapedLink:
    """Moves the calling process to the first host; the second exists as long as the link does."""

    def __init__(self, bits_per_second: float, delay_seconds: float):
        self.bits_per_second = bits_per_second
        self.delay_seconds = delay_seconds
        enter_new_namespace()
        first = open_device(0)
        ready, announce = os.pipe()
        parent = os.getpid()
        self.process = os.fork()
        if self.process == 0:
            os.close(ready)
            self._run(first, announce, parent)
        os.close(first)
        os.close(announce)
        with open(ready, "rb") as end:
            if end.read() != b"ready":
                raise OSError("the link did not start")

    @property
    def namespace(self) -> str:
        """The second host's network."""
        return f"/proc/{self.process}/ns/net"

    @property
    def processor_seconds(self) -> float:
        """What the link itself has taken from the machine's cores so far."""
        with open(f"/proc/{self.process}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)

    def _run(self, first: int, announce: int, parent: int) -> None:
        """The link's process; never returns."""
        try:
            end_with(parent, signal.SIGKILL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            enter_new_namespace()
            ends = [first, open_device(1)]
            # A network card does not wait for the processor's other work.
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            gc.disable()
            os.write(announce, b"ready")
            os.close(announce)
            self._relay(ends)
        except BaseException:
            traceback.print_exc()
        os._exit(1)

    def _relay(self, ends: list[int]) -> None:
        # By direction: when the wire is free again, and packets by the time of their arrival.
        free = [0.0, 0.0]
        under_way = [collections.deque(), collections.deque()]
        while True:
            now = time.monotonic()
            wait = None
            for direction, packets in enumerate(under_way):
                while packets and packets[0][0] <= now:
                    deliver(packets.popleft()[1], ends[1 - direction])
                if packets:
                    remaining = packets[0][0] - now
                    wait = remaining if wait is None else min(wait, remaining)
            readable, _, _ = select.select(ends, [], [], wait)
            now = time.monotonic()
            for end in readable:
                direction = ends.index(end)
                for packet in packets_from(end):
                    bits = 8 * wire_bytes(packet)
                    free[direction] = max(now, free[direction]) + bits / self.bits_per_second
                    under_way[direction].append((free[direction] + self.delay_seconds, packet))


def enter_new_namespace() -> None:
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(f"cannot make a network namespace: {os.strerror(ctypes.get_errno())}")


def end_with(parent: int, sign: signal.Signals) -> None:
    """Has the kernel signal this process when its parent ends."""
    libc.prctl(PR_SET_PDEATHSIG, int(sign))
    if os.getppid() != parent:
        os._exit(1)


def open_device(host: int) -> int:
    """This host's end of the link."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"penstock", flags))
    fcntl.ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    for words in ("link set lo up", f"address add {ADDRESSES[host]}/30 dev penstock",
                  "link set dev penstock up"):
        subprocess.run(["ip", *words.split()], check=True)
    return device


def packets_from(device: int):
    while True:
        try:
            yield os.read(device, PACKET_BYTES_MAX)
        except BlockingIOError:
            return


def deliver(packet: bytes, device: int) -> None:
    try:
        os.write(device, packet)
    except OSError as error:
        # As a full card would.
        print(f"the link lost a packet: {error}", file=sys.stderr)


def wire_bytes(packet: bytes) -> int:
    """Bytes of the Ethernet frames that a packet is cut into, each with headers of its own."""
    kind, header_bytes, payload_bytes = OFFLOAD_HEADER.unpack_from(packet)
    packet_bytes = len(packet) - OFFLOAD_HEADER.size
    if kind == 0:
        return packet_bytes + FRAME_BYTES_EXTRA
    frames = max(1, -(-(packet_bytes - header_bytes) // payload_bytes))
    return packet_bytes + (frames - 1) * header_bytes + frames * FRAME_BYTES_EXTRA
