using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>
/// A peer in a process of its own, one workload at a time: its threads and its memory stay out of ours, and its times are taken by its
/// own clock around the run alone.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    readonly Process _process;
    readonly string _files = Directory.CreateDirectory(Path.Combine(Checkout.Cache, $"peer-{Guid.NewGuid():N}")).FullName;

    PeerProcess(PeerProgram program, Process process) => (Program, Name, _process) = (program, program.Key, process);

    public PeerProgram Program { get; }

    /// <summary>Name and version.</summary>
    public string Name { get; private set; }

    /// <summary>Peak resident memory of the peer's process since it started, after the last run.</summary>
    public double PeakMiB { get; private set; }

    /// <summary>Builds and starts the peer, or returns null and says why on standard error where it cannot run here.</summary>
    public static PeerProcess? TryStart(PeerProgram program)
    {
        string? reason = Build(program);
        var peer = reason is null ? TryStartBuilt(program, out reason) : null;
        if (peer is null) Console.Error.WriteLine($"{program.Project} is not compared with: {reason}");
        return peer;
    }

    /// <summary>Starts a peer that is built.</summary>
    /// <param name="reason">Why it does not run here; null where it does.</param>
    public static PeerProcess? TryStartBuilt(PeerProgram program, out string? reason)
    {
        string path = Path.Combine(program.OutputFolder, program.Project + ".dll");
        reason = File.Exists(path) ? null : $"{path} is not built";
        if (reason is not null) return null;
        var start = new ProcessStartInfo("dotnet", [path])
            { WorkingDirectory = program.OutputFolder, RedirectStandardInput = true, RedirectStandardOutput = true };
        // Settings for one BLAS library and one machine must not leak into a comparison.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("OPENBLAS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        // Threads that spin after a run would slow whatever is timed next.
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        // Where .NET is told to do without AVX-512, so is PyTorch; ONNX Runtime's process reads the same variable.
        if (start.Environment.TryGetValue("DOTNET_EnableAVX512", out string? wide) && wide is "0" or "0x0")
        {
            start.Environment["ATEN_CPU_CAPABILITY"] = "avx2";
            start.Environment["ONEDNN_MAX_CPU_ISA"] = start.Environment["MKL_ENABLE_INSTRUCTIONS"] = "AVX2";
        }
        if (program == PeerProgram.Torch)
        {
            reason = NewerLibrary.Prepare(program.OutputFolder, out string? preload);
            if (reason is not null) return null;
            if (preload is not null) start.Environment["LD_PRELOAD"] = preload;
        }
        var peer = new PeerProcess(program, Process.Start(start)!);
        try
        {
            peer.Name = peer.Answer().Name ?? program.Key;
            return peer;
        }
        catch (InvalidOperationException error)
        {
            peer.Dispose();
            reason = error.Message;
            return null;
        }
    }

    /// <summary>Opens a workload with as many threads as we use and runs it once.</summary>
    public Contender Open(string workload, params PeerInput[] inputs)
    {
        Ask(new(Open: workload, Threads: CpuDevice.Threads));
        string values = Path.Combine(_files, "inputs"), results = Path.Combine(_files, "output");
        Ask(new(Inputs: PeerInput.Save(inputs, values), Output: results));
        float[] output = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(results)).ToArray();
        File.Delete(values);
        File.Delete(results);
        return new Contender(Name, () => Ask(new()).Milliseconds) { Output = output };
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000)) _process.Kill();
        _process.Dispose();
        Directory.Delete(_files, recursive: true);
    }

    PeerAnswer Ask(PeerRequest request)
    {
        _process.StandardInput.WriteLine(request.ToLine());
        _process.StandardInput.Flush();
        return Answer();
    }

    PeerAnswer Answer()
    {
        string line = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"the process of {Name} ended; its message is above");
        var answer = PeerAnswer.Parse(line);
        PeakMiB = answer.PeakMiB;
        return answer.Error is null ? answer : throw new InvalidOperationException($"{Name}: {answer.Error}");
    }

    static string? Build(PeerProgram program)
    {
        var start = new ProcessStartInfo("dotnet", ["build", "-c", "Release", "-nologo", "-v", "q", program.ProjectFile])
            { RedirectStandardOutput = true };
        using var build = Process.Start(start)!;
        string[] lines = build.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        build.WaitForExit();
        return build.ExitCode == 0 ? null
            : $"{program.Project} does not build: {lines.FirstOrDefault(line => line.Contains(": error ")) ?? lines.LastOrDefault()}";
    }
}
