using System.CommandLine;
using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Where models run: <c>--device auto|cpu|cuda:N</c>.</summary>
internal static class DeviceOption
{
    const string Cuda = "cuda";

    public static Option<string> Create()
    {
        var option = new Option<string>("--device")
        {
            Description = "Where the model runs: cpu, cuda:N (the Nth GPU), or auto: the best that can run models here, today always cpu.",
            HelpName = "auto|cpu|cuda:N",
            DefaultValueFactory = _ => "auto",
        };
        option.Validators.Add(result =>
        {
            string? text = result.Tokens.Count > 0 ? result.Tokens[0].Value : null;
            if (text is not (null or "auto" or "cpu") && OrdinalOf(text) is null) result.AddError($"--device {text}: expected auto, cpu, cuda or cuda:N");
        });
        return option;
    }

    /// <exception cref="CudaUnavailableException">A GPU was asked for; the message says what is missing.</exception>
    /// <exception cref="OptionException">There is no GPU of this number.</exception>
    public static Device Open(ParseResult parsed, Option<string> option)
    {
        string text = parsed.GetRequiredValue(option);
        if (OrdinalOf(text) is not { } ordinal) return CpuDevice.Shared;
        var report = CudaReport.Make();
        if (report.Problem is { } problem) throw new CudaUnavailableException($"--device {text}: {problem}; --device cpu runs without a GPU");
        if (ordinal >= report.Devices.Count) throw new OptionException($"--device {text}: this machine has cuda:0{(report.Devices.Count > 1 ? $" to cuda:{report.Devices.Count - 1}" : "")}");
        throw new CudaUnavailableException($"--device {text}: {report.Devices[ordinal].Name} is ready, but the CUDA backend does not run models yet; use --device cpu");
    }

    /// <summary>N of <c>cuda:N</c>, 0 of <c>cuda</c>, null of anything else.</summary>
    static int? OrdinalOf(string text) =>
        text == Cuda ? 0
        : text.StartsWith(Cuda + ":", StringComparison.Ordinal) && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal
        : null;
}
