using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Times every workload in each precision, printing a row as soon as it is known.</summary>
internal sealed class GpuBench(GpuOptions options)
{
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
            Run(CpuDevice.Shared, clock, "CPU");
            return _complete;
        }
        foreach (var precision in Enum.GetValues<Precision>())
        {
            using var device = CudaDevice.Open(ordinal, new() { Precision = precision });
            using var clock = new EventClock(device);
            Run(device, clock, device.Properties.Name);
        }
        return _complete;
    }

    void Run(Device device, IDeviceClock clock, string deviceName)
    {
        string precision = PrecisionName.Of(device.Precision);
        var timer = new DeviceTimer(clock, options.Rounds, options.Small);
        foreach (var workload in DeviceWorkloads.Of(options.Small ? WorkloadSizes.Small : WorkloadSizes.Full))
        {
            // Neither moves a number through a matrix product or a convolution.
            if (device.Precision != Precision.Float32 && workload.Name is DeviceWorkloads.Copy or "logmel") continue;
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
            return row with { Milliseconds = ms, Note = string.Create(CultureInfo.InvariantCulture, $"{device.LiveBytes >> 20} MiB live") };
        }
        // One workload that fails must not take the others' figures with it; the exit code tells.
        catch (Exception error)
        {
            return row with { Note = $"**FAILED** {PeerParity.Cell(error)}" };
        }
    }

    /// <summary>Related to what this run measured: the product's rate in the same precision, or the copy's.</summary>
    string OfCeiling(DeviceTiming row)
    {
        double? share = row.GigaflopPerSecond is { } flop
            ? flop / _rows.First(known => (known.Workload, known.Precision) == (DeviceWorkloads.Product, row.Precision)).GigaflopPerSecond
            : row.GigabytesPerSecond / _rows.First(known => known.Workload == DeviceWorkloads.Copy).GigabytesPerSecond;
        return share?.ToString("P0", CultureInfo.InvariantCulture) ?? "";
    }

    static string Milliseconds(DeviceTiming row) => row.Milliseconds?.ToString("F3", CultureInfo.InvariantCulture) ?? "-";

    static string Rate(DeviceTiming row) =>
        row.GigaflopPerSecond is { } flop ? string.Create(CultureInfo.InvariantCulture, $"{flop / 1e3:F1} TF/s")
        : row.GigabytesPerSecond is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} GB/s") : "";
}
