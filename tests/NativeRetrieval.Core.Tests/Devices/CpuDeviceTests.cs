using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Devices;

public sealed class CpuDeviceTests
{
    const int MiB = 1 << 20;

    readonly CpuDevice _device = new(guarded: true);

    [Fact]
    public void Memory_of_one_large_tensor_serves_several_smaller_ones_and_is_whole_again_after_them()
    {
        nint whole = AddressOf(40 * MiB);
        using (var a = Bytes(13 * MiB))
        using (var b = Bytes(26 * MiB))
        {
            nint[] parts = [a.Address, b.Address];
            Assert.All(parts, part => Assert.InRange(part, whole, whole + 40 * MiB));
        }
        Assert.Equal(whole, AddressOf(40 * MiB));
    }

    [Fact]
    public void Tensors_of_all_sizes_never_share_memory_whatever_the_order_in_which_they_come_and_go()
    {
        var random = new PhiloxSequence(new Philox(5));
        var live = new List<(Tensor Tensor, byte Mark)>();
        for (int round = 0; round < 400; round++)
        {
            if (live.Count > 12 || (live.Count > 0 && random.NextUInt32() % 2 == 0))
            {
                int at = (int)(random.NextUInt32() % (uint)live.Count);
                Assert.False(live[at].Tensor.Span<byte>().ContainsAnyExcept(live[at].Mark));
                live[at].Tensor.Dispose();
                live.RemoveAt(at);
                continue;
            }
            var tensor = Bytes(1 + (int)(random.NextUInt32() % (uint)(round % 3 == 0 ? 9 * MiB : MiB / 8)));
            tensor.Span<byte>().Fill((byte)round);
            live.Add((tensor, (byte)round));
        }
        foreach (var (tensor, _) in live) tensor.Dispose();
        Assert.Equal(0, _device.LiveBytes);
    }

    nint AddressOf(int bytes)
    {
        using var tensor = Bytes(bytes);
        return tensor.Address;
    }

    Tensor Bytes(int count) => Tensor.Empty([count], _device, DType.UInt8);
}
