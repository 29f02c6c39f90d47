using System.CommandLine;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>doctor</c>: the parts of this machine that matter, and those that are missing.</summary>
public static class DoctorCommand
{
    static readonly (string Name, bool Supported)[] _features =
    [
        ("AVX2", Avx2.IsSupported),
        ("FMA", Fma.IsSupported),
        ("AVX-512F", Avx512F.IsSupported),
        ("AdvSimd", AdvSimd.IsSupported),
    ];

    /// <summary>Makes the command <c>doctor</c>.</summary>
    public static Command Create(Terminal terminal)
    {
        var json = JsonOutput.Option();
        var parity = new Option<DirectoryInfo?>("--parity")
        {
            Description = "Compare this program's numbers with golden values of PyTorch and the published code in a folder laid out like "
                + "tests/fixtures; exit code 1 if one fails.",
            HelpName = "DIR",
        };
        var weights = new Option<DirectoryInfo?>("--weights")
        {
            Description = "With --parity: folder of pre-trained models; default: weights beside DIR.",
            HelpName = "DIR",
        };
        var device = DeviceOption.Create();
        var command = new DocumentedCommand("doctor", "Show what this machine offers: processor, threads, memory, sound library, CUDA.")
        {
            Examples =
            [
                ("nativeretrieval doctor", "Before reporting a problem"),
                ("nativeretrieval doctor --json", "For a script"),
                ("nativeretrieval doctor --parity tests/fixtures", "Does this machine compute what PyTorch computes?"),
                ("nativeretrieval doctor --parity tests/fixtures --device cuda:0", "Does its GPU?"),
            ],
        };
        foreach (Option option in (Option[])[parity, weights, .. device.Options, json]) command.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(parity) is { } folder)
            {
                using var computes = device.Open(parsed, terminal);
                return Task.FromResult(ParityReport.Run(terminal,
                    new ParityFolder(folder.FullName, parsed.GetValue(weights)?.FullName, computes), parsed.GetValue(json), cancellation));
            }
            if (parsed.GetValue(weights) is not null) throw new OptionException("--weights belongs to --parity; give --parity DIR, too");
            if (parsed.GetValue(json)) WriteJson(terminal);
            else WriteText(terminal);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    static string Version => typeof(DoctorCommand).Assembly.GetName().Version!.ToString(3);

    static long MemorySizeBytes => CpuDevice.Shared.MemoryBytes;

    /// <summary>The values that --device takes here.</summary>
    static IEnumerable<string> Devices(CudaReport cuda) =>
        ["cpu", .. cuda.Problem is null ? cuda.Devices.Select(device => $"cuda:{device.Ordinal.ToString(CultureInfo.InvariantCulture)}")
            : []];

    static void WriteText(Terminal terminal)
    {
        string features = string.Join(" ", _features.Where(feature => feature.Supported).Select(feature => feature.Name));
        var cuda = CudaReport.Make();
        var table = new Table("", "")
            .Add("NativeRetrieval", Version)
            .Add("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}")
            .Add("runtime", $"{RuntimeInformation.FrameworkDescription}{(GCSettings.IsServerGC ? ", server GC" : "")}")
            .Add("processor", $"{Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)} cores, "
                + $"{(features.Length > 0 ? features : "no vector extensions")}")
            .Add("threads", $"{CpuDevice.Threads.ToString(CultureInfo.InvariantCulture)} (set NATIVERETRIEVAL_THREADS to change)")
            .Add("memory", Sizes.Text(MemorySizeBytes))
            .Add("devices", string.Join(", ", Devices(cuda)))
            .Add("libsndfile", SoundLibrary.IsAvailable ? "found" : $"not found (tried {string.Join(", ", SoundLibrary.NamesTried)})");
        DoctorCuda.AddTo(table, cuda);
        table.Write(terminal);
        var sounds = new Table("sounds", "read by");
        foreach (var format in SoundFormats.Supported) sounds.Add(format.Name, format.ReadBy ?? "nothing here");
        terminal.Line("");
        sounds.Write(terminal);
        foreach (var missing in SoundFormats.Supported.Where(format => format.ReadBy is null).GroupBy(format => format.HowToInstall))
            terminal.Message($"to read {string.Join("; ", missing.Select(format => format.Name))}: {missing.Key}");
        if (cuda.Problem is { } problem) terminal.Message($"to use a GPU: {problem}");
    }

    static void WriteJson(Terminal terminal) => terminal.WriteJson(json =>
    {
        var cuda = CudaReport.Make();
        json.WriteString("version", Version);
        json.WriteString("system", RuntimeInformation.OSDescription);
        json.WriteString("architecture", RuntimeInformation.OSArchitecture.ToString());
        json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        json.WriteNumber("cores", Environment.ProcessorCount);
        json.WriteNumber("threads", CpuDevice.Threads);
        json.WriteStartObject("cpu_features");
        foreach (var (name, supported) in _features) json.WriteBoolean(name, supported);
        json.WriteEndObject();
        json.WriteNumber("memory_bytes", MemorySizeBytes);
        json.WriteStartArray("devices");
        foreach (string name in Devices(cuda)) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartObject("libsndfile");
        json.WriteBoolean("found", SoundLibrary.IsAvailable);
        json.WriteStartArray("names_tried");
        foreach (string name in SoundLibrary.NamesTried) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("sound_formats");
        foreach (var format in SoundFormats.Supported)
        {
            json.WriteStartObject();
            json.WriteString("name", format.Name);
            json.WriteStartArray("extensions");
            foreach (string extension in format.Extensions) json.WriteStringValue(extension);
            json.WriteEndArray();
            json.WriteString("read_by", format.ReadBy);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        DoctorCuda.Write(json, cuda);
    });
}
