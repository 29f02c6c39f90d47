using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Times every workload in float32 and with tensor cores, printing a row as soon as it is known.</summary>
internal sealed class GpuBench(GpuOptions options)
{
    const string Float32 = "fp32";

    /// <summary>Names in the tables, those that are used most first.</summary>
    public static IReadOnlyList<string> Precisions { get; } = ["tf32", "bf16", Float32];

    public static Precision PrecisionOf(string name) => name switch
    {
        "tf32" => Precision.Tf32,
        "bf16" => Precision.BFloat16,
        _ => Precision.Float32,
    };

    readonly List<DeviceTiming> _rows = [];
    bool _complete = true;

    /// <returns>True where every workload ran.</returns>
    public bool Run()
    {
        Console.WriteLine("| workload | shape | precision | ms | rate | of ceiling | note |");
        Console.WriteLine("|---|---|---|---:|---:|---:|---|");
        if (options.Ordinal is not { } ordinal)
        {
            using var clock = new HostClock();
            Run(CpuDevice.Shared, clock, "CPU", Float32);
            return _complete;
        }
        foreach (string precision in Precisions.Where(name => options.Precision is null || name == options.Precision))
        {
            using var device = CudaDevice.Open(ordinal, new() { Precision = PrecisionOf(precision) });
            using var clock = new EventClock(device);
            Run(device, clock, device.Properties.Name, precision);
        }
        return _complete && _rows.Count > 0;
    }

    void Run(Device device, IDeviceClock clock, string deviceName, string precision)
    {
        var timer = new DeviceTimer(clock, options.Rounds, options.Small);
        var all = DeviceWorkloads.Of(options.Small ? WorkloadSizes.Small : WorkloadSizes.Full);
        foreach (var workload in options.Workload is { } only ? all.Where(one => one.Name == only).Take(1) : all)
        {
            // Neither moves a number through a matrix product or a convolution.
            if (precision != Precisions[0] && options.Ordinal is not null
                && workload.Name is DeviceWorkloads.Copy or DeviceWorkloads.LogMels) continue;
            var row = Time(workload, device, timer, precision);
            _rows.Add(row);
            _complete &= row.Milliseconds is not null;
            Console.WriteLine(
                $"| {row.Workload} | {row.Shape} | {row.Precision} | {Milliseconds(row)} | {Rate(row)} | {OfCeiling(row)} | {row.Note} |");
            if (options.Json is { } path) new DeviceTimings(1, "NativeRetrieval", deviceName, _rows).Write(path);
            // The next workload must not lack the memory that this one held.
            if (device is CudaDevice { Context.IsLost: false } cuda) cuda.Trim();
        }
    }

    static DeviceTiming Time(DeviceWorkload workload, Device device, DeviceTimer timer, string precision)
    {
        var row = new DeviceTiming(workload.Name, workload.Shape, precision, null, workload.Gigaflop, workload.Gigabytes);
        try
        {
            using var prepared = workload.Prepare(device);
            double ms = timer.MedianMs(prepared.Run);
            long peak = Peak(device, prepared.Run);
            string memory = string.Create(CultureInfo.InvariantCulture, $"{peak >> 20} MiB at most");
            string note = prepared.Describe is { } describe ? $"{memory}; {describe(ms)}" : memory;
            return row with { Milliseconds = ms, PeakBytes = peak, Note = note };
        }
        // One workload that fails must not take the others' figures with it; the exit code tells.
        catch (Exception error)
        {
            return row with { Note = $"**FAILED** {PeerParity.Cell(error)}" };
        }
    }

    /// <summary>The most bytes that tensors hold during one run.</summary>
    static long Peak(Device device, Action run)
    {
        if (device is CudaDevice cuda)
        {
            cuda.ResetPeak();
            run();
        }
        return device.PeakBytes;
    }

    /// <summary>Related to what this run measured: the product's rate in the same precision, or the copy's.</summary>
    string OfCeiling(DeviceTiming row)
    {
        double? share = row.GigaflopPerSecond is { } flop
            ? flop / _rows.FirstOrDefault(known => (known.Workload, known.Precision) == (DeviceWorkloads.Product, row.Precision))
                ?.GigaflopPerSecond
            : row.GigabytesPerSecond / _rows.FirstOrDefault(known => known.Workload == DeviceWorkloads.Copy)?.GigabytesPerSecond;
        return share?.ToString("P0", CultureInfo.InvariantCulture) ?? "";
    }

    static string Milliseconds(DeviceTiming row) => row.Milliseconds?.ToString("F3", CultureInfo.InvariantCulture) ?? "-";

    static string Rate(DeviceTiming row) =>
        row.GigaflopPerSecond is { } flop ? string.Create(CultureInfo.InvariantCulture, $"{flop / 1e3:F1} TF/s")
        : row.GigabytesPerSecond is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} GB/s") : "";
}
