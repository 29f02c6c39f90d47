using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.GradientChecks;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// <c>cuda-gradients</c>: every operation of the encoders' training pass on float64's own inputs, by every algorithm that may be taken,
/// and the whole pass with and without the decisions that rounding changed; of inference, what training does not run.
/// </summary>
internal static class GradientsCommand
{
    public const string Name = "cuda-gradients";

    public const string Usage = $"""
               {Name} [--precision fp32|tf32|bf16]… [--model CNN14|ResNet38|BERT|HTS-AT|Objective]… [--timed-sizes] [--small]
                              [--json FILE] [--device cuda:N|cpu]
                   the gradients of the encoders against float64, operation by operation; exit code 1 where one is over its bound
                   --timed-sizes: in the sizes of 32 x 10 s and 32 sentences of 32 tokens; of sounds convolutions, products, norms,
                       windows' attention and clip pooling, at some thousand entries each; here alone Objective, projections and NT-Xent
        """;

    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (Parse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        try
        {
            return Run(options) ? 0 : 1;
        }
        catch (Exception error) when (error is NativeRetrievalException or IOException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    static bool Run(Options options)
    {
        Console.WriteLine("Relative L2 error against float64; of each operation and algorithm the shape that is nearest to its bound.");
        Console.WriteLine();
        Console.WriteLine("| precision | model | operation | algorithm | deterministic | same bits again | ms | shapes | worst "
            + "| channels over | left out, or decided otherwise | error | bound | |");
        Console.WriteLine("|---|---|---|---|---|---|---:|---:|---|---:|---|---:|---:|---|");
        var reports = new Dictionary<string, GradientReport>();
        foreach (var (precision, name) in options.Precisions.Select(precision => (precision, PrecisionName.Of(precision))))
        {
            var check = new GradientCheck(
                deterministic => Open(options, precision, deterministic), precision, options.Small);
            Action<string> done = model => Console.Error.WriteLine($"{name} {model}: done");
            var report = options.TimedSizes ? check.RunAtTimedSizes(options.Models, done) : check.Run(options.Models, done);
            Print(name, report);
            reports.Add(name, report);
            if (options.Json is { } path) File.WriteAllText(path, JsonSerializer.Serialize(reports, DeviceTimings.Format));
        }
        bool holds = reports.Values.All(report => report.Holds);
        if (!holds)
            foreach (var (precision, report) in reports)
                foreach (var row in report.Operations.Where(row => !row.Holds))
                    Console.Error.WriteLine($"error: {precision} {row.Model} {row.Operation} {row.Shapes} {row.Algorithm}: {row.Output} is "
                        + $"off by {Text(row.Error)}, at most {Text(row.Bound)}; {row.ChannelsOver} of {row.Channels} channels");
        return holds;
    }

    static Device Open(Options options, Precision precision, bool deterministic) => options.Ordinal is not { } ordinal ? CpuDevice.Shared
        : CudaDevice.Open(ordinal, new() { Precision = precision, Deterministic = deterministic });

    static void Print(string precision, GradientReport report)
    {
        foreach (var rows in report.Operations.GroupBy(row => (row.Model, row.Operation, row.Algorithm)))
        {
            var worst = rows.MaxBy(row => row.Error / row.Bound)!;
            int shapes = rows.Select(row => row.Shapes).Distinct().Count();
            double? ms = rows.Sum(row => row.Milliseconds);
            bool? stays = worst.Moves is null ? null : rows.All(row => row.Moves == false);
            string time = worst.Milliseconds is null ? "" : Text(ms!.Value);
            Console.WriteLine($"| {precision} | {worst.Model} | {worst.Operation} | {worst.Algorithm} | {YesNo(worst.Deterministic)} | "
                + $"{YesNo(stays)} | {time} | "
                + $"{shapes} | {worst.Output} of {worst.Shapes} | {worst.ChannelsOver} of {worst.Channels} | "
                + $"{rows.Sum(row => row.LeftOut)} | {Text(worst.Error)} | {Text(worst.Bound)} | {Verdict(rows.All(row => row.Holds))} |");
        }
        foreach (var pass in report.Passes)
            Console.WriteLine($"| {precision} | {pass.Model} | whole pass, {pass.Run} | | | | | | {pass.Tensor} | {pass.ChannelsOver} of "
                + $"{pass.Channels} | {pass.Flips} | {Text(pass.Error)} | {(pass.Bound is { } bound ? Text(bound) : "reported")} | "
                + $"{Verdict(pass.Holds)} |");
    }

    static string Verdict(bool holds) => holds ? "ok" : "**FAILED**";

    static string YesNo(bool? value) => value switch { true => "yes", false => "no", _ => "" };

    static string Text(double value) => value.ToString("G3", CultureInfo.InvariantCulture);

    /// <summary>Null where the arguments are not understood.</summary>
    static Options? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--small")
            {
                options = options with { Small = true };
                continue;
            }
            if (arguments[i] == "--timed-sizes")
            {
                options = options with { TimedSizes = true };
                continue;
            }
            if (i + 1 == arguments.Length) return null;
            string value = arguments[i + 1];
            switch (arguments[i++])
            {
                case "--precision" when PrecisionName.Find(value) is { } precision:
                    options = options with
                    {
                        Precisions = options.Chosen ? [.. options.Precisions, precision] : [precision], Chosen = true,
                    };
                    break;
                case "--model": options = options with { Models = [.. options.Models, value] }; break;
                case "--json": options = options with { Json = value }; break;
                case "--device" when GpuOptions.TryDevice(value, out int? ordinal): options = options with { Ordinal = ordinal }; break;
                default: return null;
            }
        }
        return options;
    }

    sealed record Options
    {
        public IReadOnlyList<Precision> Precisions { get; init; } = Enum.GetValues<Precision>();

        public bool Chosen { get; init; }

        public IReadOnlyList<string> Models { get; init; } = [];

        public bool Small { get; init; }

        public bool TimedSizes { get; init; }

        public string? Json { get; init; }

        /// <summary>Number of the GPU; null: the CPU device.</summary>
        public int? Ordinal { get; init; } = 0;
    }
}
