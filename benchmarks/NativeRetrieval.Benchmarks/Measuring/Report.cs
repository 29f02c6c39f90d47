using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>The results of one run as a Markdown document, printed line by line as they come.</summary>
/// <param name="peer">Name of the peer; null: ours ran alone.</param>
internal sealed partial class Report(DateTime utcNow, string? peer)
{
    static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };
    static readonly string[] _columns = ["suite", "shape", "ms", "rate", "of ceiling", "peer ms", "times as fast", "of one CNN14", "note"];

    readonly StringBuilder _text = new();
    readonly List<Row> _rows = [];
    readonly string _load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
    double? _yardstickMs;

    /// <summary>The processor and what tells it from others of its name, whose results lie in another folder.</summary>
    static string Device => $"{CpuName()}, {CpuDevice.Threads} threads{Vectors}";

    /// <summary>
    /// Nothing where AVX-512 is at work; else whether the processor lacks it or .NET was told to do without (<c>DOTNET_EnableAVX512=0</c>).
    /// </summary>
    static string Vectors => Vector512.IsHardwareAccelerated ? ""
        : CpuFact("flags") is { } flags && flags.Split(' ').Contains("avx512f") ? ", AVX2 alone" : ", without AVX-512";

    public void Begin()
    {
        Line($"# {Device}, {utcNow:yyyy-MM-dd HH:mm} UTC, commit {Commit()}");
        Line("");
        Line($"Peer: {peer ?? "none"}. Load of the machine before the run: {_load}.");
        Line("");
        Line("Medians; ours and the peer in turn. \"times as fast\" above 1: ours is faster. "
            + "A rate counts the operations of the plain algorithm, so Winograd and Strassen can exceed the ceiling: for arithmetic, what "
            + "all cores gave in registers in turn with the row. "
            + "\"of one CNN14\": our time over the peer's for CNN14 on 10 s in this run, a measure that carries over to other machines.");
        Line("");
        Line("| " + string.Join(" | ", _columns) + " |");
        Line("|" + string.Concat(Enumerable.Repeat("---|", _columns.Length)));
    }

    /// <param name="ceilings">Measured before and after the row's suite.</param>
    public void Add(Row row, Ceilings ceilings)
    {
        _rows.Add(row);
        if (row is { Suite: "cnn14", Shape: "1 x 10 s" }) _yardstickMs = row.PeerMs;
        string yardsticks = _yardstickMs is { } ms ? $"{row.OursMs / ms:G3}" : "";
        Line($"| {row.Suite} | {row.Shape} | {row.OursMs:F3} | {row.Rate(ceilings)} | {row.OfCeiling(ceilings)} | "
            + $"{row.PeerMs:F3} | {row.Speed} | {yardsticks} | {row.Note} |");
    }

    public void End(Ceilings highest)
    {
        Line("");
        Line($"Ceilings, the highest in this run: FMA in registers {highest.GigaflopPerSecond:F0} GF/s, "
            + $"memory read {highest.GigabytesPerSecond:F1} GB/s.");
    }

    /// <summary>The path of a run's results without extension: <c>benchmarks/results/DEVICE/DATE-COMMIT</c>.</summary>
    public static string Stem(DateTime utcNow) => Path.Combine(Checkout.Benchmarks, "results",
        Unfit().Replace(Device.ToLowerInvariant(), "-").Trim('-'), $"{utcNow:yyyy-MM-dd}-{Commit()}");

    /// <summary>Writes the document to <c>STEM.md</c> and its rows to <c>STEM.json</c>.</summary>
    public void Save(string stem)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(stem))!);
        var values = new { device = Device, utc = utcNow, commit = Commit(), peer, load = _load, rows = _rows.Select(row => row.Values) };
        File.WriteAllText(stem + ".json", JsonSerializer.Serialize(values, _indented) + "\n");
        // Last: a part whose table is there is complete.
        File.WriteAllText(stem + ".md", _text.ToString());
    }

    void Line(string line)
    {
        Console.WriteLine(line);
        _text.Append(line).Append('\n');
    }

    static string CpuName() => CpuFact("model name") ?? "unknown CPU";

    static string? CpuFact(string key)
    {
        string? line = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim();
    }

    static string Commit()
    {
        string head = Git("rev-parse --short HEAD");
        return Git("status --porcelain --untracked-files=no").Length > 0 ? head + "-changed" : head;
    }

    static string Git(string arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, WorkingDirectory = Checkout.Root };
        using var git = Process.Start(start)!;
        return git.StandardOutput.ReadToEnd().Trim();
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Unfit();
}
