using System.Diagnostics;
using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Times every workload in each precision, printing a row as soon as it is known.</summary>
internal sealed class GpuBench(GpuOptions options)
{
    readonly List<DeviceTiming> _rows = [];
    readonly long _start = Stopwatch.GetTimestamp();
    bool _complete = true;

    /// <returns>True where every workload ran; those without a bar may be left out for want of time.</returns>
    public bool Run()
    {
        Console.WriteLine("| workload | shape | precision | ms | rate | of ceiling | note |");
        Console.WriteLine("|---|---|---|---:|---:|---:|---|");
        // Precisions take turns: each keeps its device, on which all kernels are loaded and all algorithms chosen by then.
        Dictionary<(Precision Precision, bool Graphs), (Device Device, IDeviceClock Clock)> devices = [];
        try
        {
            foreach (var (workload, precision) in Chosen())
            {
                var key = (Precision: precision, Graphs: workload.Graphs && options.Graphs);
                if (!devices.TryGetValue(key, out var opened)) devices.Add(key, opened = Open(key.Precision, key.Graphs));
                Run(workload, opened.Device, opened.Clock);
            }
        }
        finally
        {
            foreach (var (device, clock) in devices.Values)
            {
                clock.Dispose();
                if (device != CpuDevice.Shared) device.Dispose();
            }
        }
        return _complete && _rows.Count > 0;
    }

    IEnumerable<(DeviceWorkload Workload, Precision Precision)> Chosen()
    {
        var all = DeviceWorkloads.InOrder(options.Small ? WorkloadSizes.Small : WorkloadSizes.Full)
            .Where(row => options.Precision is null || row.Precision == options.Precision);
        if (options.Ordinal is null) all = all.Where(row => row is { Precision: Precision.Float32, Workload.Graphs: true });
        return options.Workload is { } name
            ? all.Where(row => row.Workload.Name == name).GroupBy(row => row.Precision).Select(rows => rows.First()) : all;
    }

    (Device, IDeviceClock) Open(Precision precision, bool graphs)
    {
        if (options.Ordinal is not { } ordinal) return (CpuDevice.Shared, new HostClock());
        var device = CudaDevice.Open(ordinal, new() { Precision = precision, Graphs = graphs });
        return (device, new EventClock(device));
    }

    void Run(DeviceWorkload workload, Device device, IDeviceClock clock)
    {
        var row = new DeviceTiming(workload.Name, workload.Shape, PrecisionName.Of(device.Precision), null, workload.Gigaflop,
            workload.Gigabytes);
        if (Stopwatch.GetElapsedTime(_start).TotalSeconds < options.Seconds)
        {
            row = Time(row, workload, device, new DeviceTimer(clock, options.Rounds, options.Small));
        }
        else
        {
            _complete &= !workload.First.Contains(device.Precision);
            row = row with { Note = $"not timed: {options.Seconds} s were over" };
        }
        _rows.Add(row);
        Console.WriteLine(
            $"| {row.Workload} | {row.Shape} | {row.Precision} | {Milliseconds(row)} | {Rate(row)} | {OfCeiling(row)} | {row.Note} |");
        string name = device is CudaDevice gpu ? gpu.Properties.Name : "CPU";
        if (options.Json is { } path) new DeviceTimings(1, "NativeRetrieval", name, _rows).Write(path);
        // The next workload must not lack the memory that this one held.
        if (device is CudaDevice { Context.IsLost: false } cuda) cuda.Trim();
    }

    DeviceTiming Time(DeviceTiming row, DeviceWorkload workload, Device device, DeviceTimer timer)
    {
        try
        {
            if (device is CudaDevice fresh) fresh.ResetPeak();
            using var prepared = workload.Prepare(device);
            var (ms, replayed) = timer.Time(prepared);
            _complete &= replayed;
            var (peak, taken) = DeviceMemory.Of(device, prepared.Run);
            string note = $"{peak >> 20} MiB in use at most, {taken >> 20} MiB taken";
            if (prepared.Describe is { } describe) note += $"; {describe(ms)}";
            if (!replayed) note = $"**FAILED** to be replayed as a graph, launched kernel by kernel; {note}";
            return row with { Milliseconds = ms, PeakBytes = peak, TakenBytes = taken, Note = note };
        }
        // One workload that fails must not take the others' figures with it; the exit code tells.
        catch (Exception error)
        {
            _complete = false;
            return row with { Note = $"**FAILED** {PeerParity.Cell(error)}" };
        }
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
