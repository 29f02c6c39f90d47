using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;
using NativeRetrieval.GradientChecks;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>
/// The real backend on the CUDA emulator, which writes down what is queued and computes nothing: full-size models on a machine without a
/// GPU.
/// </summary>
internal static unsafe class WorkRecorder
{
    /// <summary>Multiprocessors of an H100: grids depend on them.</summary>
    const string Multiprocessors = "132", MemoryMebibytes = "61440";

    static readonly string _folder = Path.Combine(Checkout.Root, "artifacts", "emulator");

    static nint _driver;

    /// <summary>Builds the emulator where it has changed, and makes it this process's CUDA.</summary>
    /// <exception cref="InvalidOperationException">It cannot be built here.</exception>
    public static void Start()
    {
        var build = new ProcessStartInfo("bash", [Path.Combine(Checkout.Root, "tests", "cuda-emulator", "build.sh"), _folder])
        {
            RedirectStandardError = true,
        };
        using (var process = Process.Start(build)!)
        {
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"the CUDA emulator cannot be built: {errors.Trim()}");
        }
        Environment.SetEnvironmentVariable("NATIVERETRIEVAL_CUDA_PATH", _folder);
        _driver = NativeLibrary.Load(Path.Combine(_folder, "libcuda.so.1"));
        Set("NR_EMU_RECORD", "1");
        Set("NR_EMU_MULTIPROCESSORS", Multiprocessors);
        Set("NR_EMU_MEMORY_MIB", MemoryMebibytes);
    }

    /// <summary>
    /// The work of one run of a workload as it is launched one by one, where each pointer shows its tensor's end, and with the copies of a
    /// replay, where it is replayed; the first run, which makes plans and tables, is left out. In float32 and TF32 the run is recorded
    /// twice, by the libraries' own algorithms and by other ways, among which the backend chooses by their time: three TF32 products in
    /// float32, transforms of convolutions in TF32.
    /// </summary>
    public static RecordedRun Record(DeviceWorkload workload, Precision precision)
    {
        bool splits = precision == Precision.Float32;
        using var device = Open(precision, graphs: true);
        using var prepared = workload.Prepare(device);
        Once();
        if (precision == Precision.BFloat16)
            return RecordedRun.Of(Once(), prepared.Parameters).WithTransfers(TransfersOfReplay(prepared, device));
        if (splits) ForcedChoices.Take(device, split: false);
        else ForcedChoices.Transform(device, transforms: false);
        var direct = Once();
        if (splits) ForcedChoices.Take(device, split: true);
        else ForcedChoices.Transform(device, transforms: true);
        Once(); // transforms the filters
        return RecordedRun.Of(direct, Once(), prepared.Parameters).WithTransfers(TransfersOfReplay(prepared, device));

        List<RecordedWork> Once()
        {
            prepared.Captured?.Clear(); // what comes a first time is launched as ever
            return WorkOf(prepared, device);
        }
    }

    static List<RecordedWork> WorkOf(PreparedRun prepared, CudaDevice device)
    {
        Take();
        prepared.Run();
        device.Context.Synchronize(); // the device's own would read its faults as well
        return [.. Take().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(RecordedWork.Parse)];
    }

    /// <summary>
    /// Copies of a replay, those of its inputs and outputs among them, and what is read behind it; null for work that is not replayed.
    /// </summary>
    static RecordedTransfer[]? TransfersOfReplay(PreparedRun prepared, CudaDevice device)
    {
        if (prepared.Captured is not { } captured) return null;
        prepared.Run(); // records, and replays a first time
        device.Synchronize();
        long replays = captured.Replays;
        var work = WorkOf(prepared, device);
        if (captured.Replays == replays + 1) return [.. work.OfType<RecordedTransfer>().Where(transfer => transfer.IsOfReplay)];
        throw new InvalidOperationException("work that should be was not replayed");
    }

    /// <summary>
    /// Memory of a workload that is replayed as a graph, with three TF32 products in float32, whose split operands take more. Workspaces of
    /// cuDNN are none: it alone knows them.
    /// </summary>
    public static (long PeakBytes, long TakenBytes) Memory(DeviceWorkload workload, Precision precision)
    {
        using var device = Open(precision, graphs: true);
        if (precision == Precision.Float32)
        {
            using (var first = workload.Prepare(device)) first.Run();
            ForcedChoices.Take(device, split: true);
            device.Trim();
        }
        device.ResetPeak();
        using var prepared = workload.Prepare(device);
        for (int run = 0; run < 3; run++) prepared.Run();
        if (prepared.Captured is { Replays: 2 }) return DeviceMemory.Of(device, prepared.Run);
        throw new InvalidOperationException($"{workload.Name} was not replayed");
    }

    /// <summary>A device of the emulator after <see cref="Start"/>.</summary>
    public static CudaDevice Open(Precision precision, bool graphs) => CudaDevice.Open(0, new()
    {
        Precision = precision, Graphs = graphs, KernelFolder = Path.Combine(Checkout.Cache, "kernels"),
        TimeAlgorithms = precision == Precision.Float32, AlgorithmFolder = Path.Combine(Checkout.Cache, "algorithms"),
    });

    static string Take() =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)NativeLibrary.GetExport(_driver, "nr_emu_take_records"))())!;

    static void Set(string name, string value)
    {
        nint first = Marshal.StringToCoTaskMemUTF8(name), second = Marshal.StringToCoTaskMemUTF8(value);
        bool known = ((delegate* unmanaged<nint, nint, byte>)NativeLibrary.GetExport(_driver, "nr_emu_configure"))(first, second) != 0;
        Marshal.FreeCoTaskMem(first);
        Marshal.FreeCoTaskMem(second);
        if (!known) throw new InvalidOperationException($"the CUDA emulator does not know {name}");
    }
}
