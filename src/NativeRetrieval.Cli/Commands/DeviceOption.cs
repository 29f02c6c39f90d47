using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cli.Commands;

/// <summary>The device that models run on: <c>--device auto|cpu|cuda:N</c>, and <c>--deterministic</c>.</summary>
internal sealed class DeviceOption
{
    const string Cuda = "cuda", Auto = "auto", Cpu = "cpu";

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

    DeviceOption() => _device.Validators.Add(result =>
    {
        string? text = result.Tokens.Count > 0 ? result.Tokens[0].Value : null;
        if (text is not (null or Auto or Cpu) && OrdinalOf(text) is null)
            result.AddError($"--device {text}: expected auto, cpu, cuda or cuda:N");
    });

    public static DeviceOption Create() => new();

    public IReadOnlyList<Option> Options => [_device, _deterministic];

    /// <summary>The device, open; the caller disposes it. The reason why <c>auto</c> takes the CPU is printed.</summary>
    /// <exception cref="CudaUnavailableException">A GPU was asked for; the message says what is missing.</exception>
    /// <exception cref="OptionException">There is no GPU of this number.</exception>
    public Device Open(ParseResult parsed, Terminal terminal)
    {
        string text = parsed.GetRequiredValue(_device);
        if (text == Cpu) return CpuDevice.Shared;
        var options = new CudaDeviceOptions { Deterministic = parsed.GetValue(_deterministic), Note = terminal.Warning };
        return OrdinalOf(text) is { } ordinal ? Require(text, ordinal, options) : Best(options, terminal);
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

    static Device Best(CudaDeviceOptions options, Terminal terminal)
    {
        var report = CudaReport.Make();
        // A machine without an NVIDIA driver is no fault, and advice with every command would be noise.
        string? problem = report.HasNoDriver ? "no NVIDIA driver was found; `nativeretrieval doctor` says where it was looked for"
            : report.Problem;
        if (problem is null)
        {
            try
            {
                return Checked(0, options);
            }
            catch (NativeRetrievalException error)
            {
                problem = error.Message;
            }
        }
        terminal.Message($"running on the CPU: {problem}");
        return CpuDevice.Shared;
    }

    /// <summary>N of <c>cuda:N</c>, 0 of <c>cuda</c>, null of anything else.</summary>
    static int? OrdinalOf(string text) =>
        text == Cuda ? 0
        : text.StartsWith(Cuda + ":", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal
        : null;
}
