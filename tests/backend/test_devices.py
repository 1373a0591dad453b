"""What a processor says of itself."""

import psutil
import pytest

from ras_keras.backend import devices


@pytest.mark.parametrize(
    ("flags", "instruction"),
    [
        ("fpu avx512f avx512_bf16", "avx512_bf16"),
        ("fpu avx512_bf16 amx_bf16 amx_tile", "amx_bf16"),
        ("fpu avx2 avx512_bf16x", None),
    ],
)
def test_instruction_of_bfloat16(tmp_path, monkeypatch, flags, instruction):
    monkeypatch.setattr(devices, "gpus", list)
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
    assert devices.bfloat16_instruction(file) == instruction


def test_a_system_that_does_not_say(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "gpus", list)
    assert devices.bfloat16_instruction(tmp_path / "none") is None


def test_cores_are_those_that_the_process_may_use():
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        pytest.skip("this operating system binds no process to cores")
    before = process.cpu_affinity()
    process.cpu_affinity(before[:1])
    try:
        assert devices.cores() == 1
        assert devices.description() == "CPU, 1 core"
    finally:
        process.cpu_affinity(before)
    assert devices.cores() == len(before)


def test_a_gpu_is_what_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "gpus", lambda: ["GPU"])
    file = tmp_path / "cpuinfo"
    file.write_text("flags\t\t: amx_bf16\n")
    assert devices.bfloat16_instruction(file) is None
