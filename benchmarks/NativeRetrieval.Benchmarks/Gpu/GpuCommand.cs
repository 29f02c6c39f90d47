using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// <c>cuda</c>: PyTorch's numbers on this device first, then what the device does in a millisecond; <c>cuda-table</c> puts several
/// programs beside each other.
/// </summary>
internal static class GpuCommand
{
    public const string Name = "cuda", Table = "cuda-table";

    public const string Usage = $"""
               {Name} [--parity FILE [--parity-only]] [--workload NAME] [--precision fp32|tf32|bf16] [--no-graphs]
                   [--rounds N] [--seconds N] [--small] [--json FILE] [--device cuda:N|cpu]
                   a GPU, timed by its events; see tests/gpu/README.md
               {Table} OURS.json PEER.json…   the timings of several programs in one table
        """;

    public static int Run(string[] arguments)
    {
        if (arguments[0] == Table) return PrintTable(arguments[1..]);
        if (GpuOptions.Parse(arguments.AsSpan(1)) is not { } options)
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        try
        {
            return Run(options);
        }
        catch (Exception error) when (error is NativeRetrievalException or IOException or JsonException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    static int Run(GpuOptions options)
    {
        if (options.Parity is { } path)
        {
            using var device = options.Ordinal is { } ordinal ? CudaDevice.Open(ordinal) : null;
            if (!PeerParity.Run(device as Device ?? CpuDevice.Shared, PeerDocument.Read(path)))
            {
                Console.Error.WriteLine("error: ours and PyTorch's numbers differ; no time is quoted for wrong results");
                return 1;
            }
            if (options.ParityOnly) return 0;
            Console.WriteLine();
        }
        return new GpuBench(options).Run() ? 0 : 1;
    }

    static int PrintTable(string[] files)
    {
        if (files.Length == 0)
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        try
        {
            TimingTable.Print([.. files.Select(DeviceTimings.Read)]);
            return 0;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }
}
