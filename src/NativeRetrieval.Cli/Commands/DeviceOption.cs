using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cli.Commands;

/// <summary>
/// The device that models run on: <c>--device auto|cpu|cuda:N</c>, the precision that it computes in, <c>--deterministic</c>, and
/// <c>--graphs</c> where it trains.
/// </summary>
internal sealed class DeviceOption
{
    const string NoDriver = "no NVIDIA driver was found; `nativeretrieval doctor` says where it was looked for";
    const string Cuda = "cuda", Auto = "auto", Cpu = "cpu", PrecisionOption = "--precision", On = "on", Off = "off";

    readonly Option<string> _device = new("--device")
    {
        Description = "Where the model runs: cpu, cuda:N (the Nth GPU), or auto: the first GPU where CUDA can be used, else the CPU.",
        HelpName = "auto|cpu|cuda:N",
        DefaultValueFactory = _ => Auto,
    };

    readonly Option<bool> _deterministic = new("--deterministic")
    {
        Description = "On a GPU, only algorithms that give the same bits in every run. The CPU always does.",
    };

    readonly Option<string?> _precision;

    readonly Option<string> _graphs = new("--graphs")
    {
        Description = "On a GPU, record steps whose sizes come again as CUDA graphs and replay them: the same bits, and the GPU does not "
            + "wait for the host between kernels. off launches every kernel by itself.",
        HelpName = $"{On}|{Off}",
        DefaultValueFactory = _ => On,
    };

    readonly bool _trains, _isShort;

    DeviceOption(string defaultPrecision, bool trains, bool isShort)
    {
        (_trains, _isShort) = (trains, isShort);
        _graphs.CompletionSources.Add(On, Off);
        _graphs.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not (On or Off) and var text }]) result.AddError($"--graphs {text}: expected {On} or {Off}");
        });
        _device.Validators.Add(result =>
        {
            string? text = result.Tokens.Count > 0 ? result.Tokens[0].Value : null;
            if (text is not (null or Auto or Cpu) && OrdinalOf(text) is null)
                result.AddError($"--device {text}: expected auto, cpu, cuda or cuda:N");
        });
        _precision = new(PrecisionOption)
        {
            Description = "What a GPU multiplies in: fp32 (24 significant bits), tf32 (11, on tensor cores), or bf16 (8, activations in "
                + $"half the memory, too). The CPU computes in fp32. Default: {defaultPrecision}.",
            HelpName = string.Join('|', PrecisionName.All),
        };
        _precision.CompletionSources.Add([.. PrecisionName.All]);
        _precision.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && PrecisionName.Find(text) is null)
                result.AddError($"{PrecisionOption} {text}: expected {string.Join(", ", PrecisionName.All)}");
        });
    }

    /// <param name="defaultPrecision">The precision where <c>--precision</c> is not given, for the help.</param>
    /// <param name="trains">True for a command of many equal steps, which takes <c>--graphs</c>.</param>
    /// <param name="isShort">True for a command that is over at once, which does not say that there is no driver.</param>
    public static DeviceOption Create(string defaultPrecision = "fp32", bool trains = false, bool isShort = false) =>
        new(defaultPrecision, trains, isShort);

    public IReadOnlyList<Option> Options => [_device, _precision, _deterministic, .. _trains ? [_graphs] : (Option[])[]];

    /// <summary>The precision that was asked for; null: none was.</summary>
    public Precision? Asked(ParseResult parsed) => parsed.GetValue(_precision) is { } name ? PrecisionName.Find(name) : null;

    /// <summary>The device, open; the caller disposes it. The reason why <c>auto</c> takes the CPU is printed.</summary>
    /// <param name="localRank">The GPU to take where <c>--device</c> names none by number and the process sees several.</param>
    /// <exception cref="CudaUnavailableException">A GPU was asked for; the message says what is missing.</exception>
    /// <exception cref="OptionException">There is no GPU of this number, or the precision needs a GPU.</exception>
    public Device Open(ParseResult parsed, Terminal terminal, int localRank = 0)
    {
        var precision = Asked(parsed) ?? default;
        return Open(parsed, terminal, precision, $"{PrecisionOption} {PrecisionName.Of(precision)}", localRank);
    }

    /// <inheritdoc cref="Open(ParseResult, Terminal, int)"/>
    /// <param name="precision">Precision to compute in, whatever <c>--precision</c> says.</param>
    /// <param name="asked">The words that ask for it, for messages.</param>
    public Device Open(ParseResult parsed, Terminal terminal, Precision precision, string asked, int localRank = 0)
    {
        string text = parsed.GetRequiredValue(_device);
        var options = new CudaDeviceOptions
        {
            Deterministic = parsed.GetValue(_deterministic),
            Precision = precision,
            Graphs = !_trains || parsed.GetRequiredValue(_graphs) == On,
            Note = terminal.Warning,
        };
        // A launcher that shows each rank its own GPU alone calls all of them cuda:0.
        int usual = localRank > 0 && CudaReport.Make().Devices.Count > 1 ? localRank : 0;
        if (OrdinalOf(text) is { } ordinal) return Require(text, text == Cuda ? usual : ordinal, options);
        string? problem = null;
        if (text == Auto && Best(usual, options, out problem) is { } best) return best;
        if (precision != default)
            throw new OptionException($"{asked} needs a GPU: the CPU computes in {PrecisionName.Of(default)}"
                + $"{(problem is null ? "" : $", and no GPU can be used ({problem})")}; take fp32, or --device cuda:0 on a machine that "
                + "has a GPU");
        if (problem is not null && !(_isShort && problem == NoDriver)) terminal.Message($"running on the CPU: {problem}");
        return CpuDevice.Shared;
    }

    static CudaDevice Require(string text, int ordinal, CudaDeviceOptions options)
    {
        var report = CudaReport.Make();
        if (report.Problem is { } problem)
            throw new CudaUnavailableException($"--device {text}: {problem}; --device cpu runs without a GPU");
        if (ordinal >= report.Devices.Count)
            throw new OptionException($"--device {text}: this machine has "
                + $"cuda:0{(report.Devices.Count > 1 ? $" to cuda:{report.Devices.Count - 1}" : "")}");
        return Checked(ordinal, options);
    }

    /// <summary>A device that has shown it can run models.</summary>
    static CudaDevice Checked(int ordinal, CudaDeviceOptions options)
    {
        var device = CudaDevice.Open(ordinal, options);
        try
        {
            device.Check();
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>The first GPU, or a rank's own; null where none can be used, with the reason.</summary>
    /// <exception cref="OptionException">There are GPUs, and none of the rank's number.</exception>
    static CudaDevice? Best(int ordinal, CudaDeviceOptions options, out string? problem)
    {
        var report = CudaReport.Make();
        // A machine without an NVIDIA driver is no fault, and advice with every command would be noise.
        problem = report.HasNoDriver ? NoDriver : report.Problem;
        if (problem is null)
        {
            try
            {
                return ordinal < report.Devices.Count ? Checked(ordinal, options)
                    : throw new OptionException($"this is rank {ordinal} of its machine, which has GPUs cuda:0 to "
                        + $"cuda:{report.Devices.Count - 1}: start one rank for each, or choose by --device");
            }
            catch (NativeRetrievalException error) when (error is not OptionException)
            {
                problem = error.Message;
            }
        }
        return null;
    }

    /// <summary>N of <c>cuda:N</c>, 0 of <c>cuda</c>, null of anything else.</summary>
    static int? OrdinalOf(string text) =>
        text == Cuda ? 0
        : text.StartsWith(Cuda + ":", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal
        : null;
}
