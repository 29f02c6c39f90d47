using System.Globalization;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Options of the command <c>cuda</c>.</summary>
internal sealed record GpuOptions
{
    /// <summary>Timed rounds of each workload.</summary>
    public int Rounds { get; init; } = 20;

    /// <summary>Seconds after which no further workload is begun.</summary>
    public double Seconds { get; init; } = double.PositiveInfinity;

    /// <summary>Tiny sizes: for the emulator, where times mean nothing and every access is checked.</summary>
    public bool Small { get; init; }

    /// <summary>Number of the GPU; null: the CPU device, to hold the comparison itself to something that is proven.</summary>
    public int? Ordinal { get; init; } = 0;

    /// <summary>Path of the timings as JSON, rewritten after each workload.</summary>
    public string? Json { get; init; }

    /// <summary>Path of the document of <c>torch_gpu.py parity</c>: compared before anything is timed.</summary>
    public string? Parity { get; init; }

    /// <summary>The only workload that is timed, at its first size; null: all.</summary>
    public string? Workload { get; init; }

    /// <summary>The only precision that is timed; null: all.</summary>
    public Precision? Precision { get; init; }

    /// <summary>False: nothing is replayed as a CUDA graph, so that a profiler sees each kernel by itself.</summary>
    public bool Graphs { get; init; } = true;

    /// <summary>Nothing is timed.</summary>
    public bool ParityOnly { get; init; }

    /// <summary>Null where the arguments are not understood.</summary>
    public static GpuOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new GpuOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--small": options = options with { Small = true }; continue;
                case "--no-graphs": options = options with { Graphs = false }; continue;
                case "--parity-only": options = options with { ParityOnly = true }; continue;
                case "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out int rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    break;
                case "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out double seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    break;
                case "--workload" when value is not null: options = options with { Workload = value }; break;
                case "--precision" when value is not null && PrecisionName.Find(value) is { } precision:
                    options = options with { Precision = precision };
                    break;
                case "--json" when value is not null: options = options with { Json = value }; break;
                case "--parity" when value is not null: options = options with { Parity = value }; break;
                case "--device" when TryDevice(value, out int? ordinal): options = options with { Ordinal = ordinal }; break;
                default: return null;
            }
            i++;
        }
        return options is { ParityOnly: true, Parity: null } ? null : options;
    }

    /// <summary>Reads <c>cpu</c>, which has no number, or <c>cuda:N</c>.</summary>
    public static bool TryDevice(string? value, out int? ordinal)
    {
        ordinal = null;
        if (value is null || !value.StartsWith("cuda:", StringComparison.Ordinal)) return value == "cpu";
        bool known = int.TryParse(value.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        ordinal = number;
        return known;
    }
}
