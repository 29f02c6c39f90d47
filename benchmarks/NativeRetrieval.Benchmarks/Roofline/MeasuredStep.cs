using System.Globalization;
using NativeRetrieval.Benchmarks.Gpu;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>One H100's figures at commit ab6b81a: times of the workloads, and time and DRAM traffic of each kernel of a step.</summary>
internal static class MeasuredStep
{
    /// <summary>The workload whose kernels were measured one by one.</summary>
    public const string Workload = "training-step", Shape = "32 x 10 s", Precision = "tf32";

    static readonly string _stem =
        Path.Combine(Checkout.Benchmarks, "results", "nvidia-h100-80gb-hbm3", "2026-11-27-ab6b81a");

    /// <summary>Kernels that had another name then.</summary>
    static readonly Dictionary<string, string> _names = new()
    {
        ["adam_squared_norm_f32"] = "clip_scale_partial_f32",
        ["adam_clip_f32"] = "clip_scale_total_f32",
        ["elementwise_add_scaled_f32"] = "add_forward_f32",
        ["elementwise_scale_f32"] = "scale_forward_f32",
        ["elementwise_fill_f32"] = "full_forward_f32",
        ["elementwise_relu_backward_f32"] = "relu_backward_f32",
        ["frames_pooling_f32"] = "clip_pooling_forward_f32",
        ["frames_pooling_backward_f32"] = "clip_pooling_backward_f32",
        ["pool2d_average_f32"] = "avg_pool2d_forward_f32",
        ["pool2d_average_backward_f32"] = "avg_pool2d_backward_f32",
        ["tokens_forward_f32"] = "first_token_forward_f32",
        ["tokens_backward_f32"] = "first_token_backward_f32",
        ["transpose_forward_f32"] = "to_layout_forward_f32",
    };

    /// <summary>Launches, milliseconds and bytes by the kernel's name of today; kernels of libraries under their kind.</summary>
    public static IReadOnlyDictionary<string, (int Launches, double Milliseconds, double Bytes)> Kernels { get; } =
        File.ReadLines(_stem + "-step.txt").Skip(1).Where(line => line.Length > 0)
            .Select(line => line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries))
            .GroupBy(parts => NameOf(parts[4]))
            .ToDictionary(group => group.Key, group => (group.Count(), group.Sum(parts => Number(parts[0])) / 1e3,
                group.Sum(parts => Number(parts[1])) * 1e6));

    /// <summary>Milliseconds of a workload; null where it was not measured.</summary>
    public static double? MillisecondsOf(string workload, string shape, string precision) =>
        DeviceTimings.Read(_stem + "-timings.json").Rows
            .FirstOrDefault(row => (row.Workload, row.Shape, row.Precision) == (workload, shape, precision))?.Milliseconds;

    static string NameOf(string kernel)
    {
        if (_names.TryGetValue(kernel, out string? today)) return today;
        if (Has("wgrad")) return "convolution filter";
        if (Has("dgrad")) return "convolution data";
        if (Has("fprop") || Has("convolve")) return "convolution forward";
        if (Has("cudnn")) return "convolution other";
        return Has("gemm") || Has("cublas") || Has("epilogue::") ? "product" : kernel;

        bool Has(string part) => kernel.Contains(part, StringComparison.Ordinal);
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
