using System.Globalization;
using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Warps of a kernel that fit on a multiprocessor, as a share of all that it can hold: from the registers and the static shared memory in
/// <c>kernels/budget.json</c>, and from what launches ask for.
/// </summary>
internal static class Occupancy
{
    /// <summary>The share that a kernel must reach: enough warps to hide a load of global memory behind others' work.</summary>
    const double Target = 0.5;

    const int Warps = 64, Blocks = 32, Registers = 65536, RegistersPerWarpStep = 256, SharedReservedPerBlock = 1024, SharedStep = 128;

    /// <summary>Kernels whose target is another, and the reason.</summary>
    static readonly Dictionary<string, double> _targets = new()
    {
        // Two sums in float64 for each of a pack's channels; two to five loads of 16 bytes on their way in each thread instead.
        ["batch_norm_partial_bf16"] = 0.25,
        ["batch_norm_gradient_partial_bf16"] = 0.25,
        ["batch_norm_add_relu_gradient_partial_bf16"] = 0.25,
        ["batch_norm_pool2d_gradient_partial_f32"] = 0.375,
        ["batch_norm_pool2d_gradient_partial_bf16"] = 0.25,
        // Four loads and a window's gradients, eight channels each.
        ["batch_norm_pool2d_forward_bf16"] = 0.375,
        ["batch_norm_pool2d_backward_bf16"] = 0.25,
        ["add_layer_norm_backward_bf16"] = 0.25, // two rows in registers
        ["add_layer_norm_backward_f32"] = 0.25,
        ["add_layer_norm_forward_bf16"] = 0.25,
        ["add_layer_norm_forward_f32"] = 0.25,
        ["attention_backward_bf16"] = 0.0625, // a head's tokens in shared memory and its scores in registers; few blocks are there at all
        ["attention_backward_f32"] = 0.0625,
        ["attention_forward_bf16"] = 0.125,
        ["attention_forward_f32"] = 0.125,
        ["embedding_backward_bf16"] = 0.375, // four rows on their way, eight values each
        // A row on its way, and sums of its columns, in registers: 64 KiB a multiprocessor in flight.
        ["layer_norm_backward_bf16"] = 0.125,
        ["layer_norm_backward_f32"] = 0.125,
        ["layer_norm_forward_bf16"] = 0.375, // a row in registers
        ["layer_norm_forward_f32"] = 0.375,
        ["conv2d_batch_norm_apply_3x3_bf16"] = 0.375, // sums of eight pixels of four channels; bound by its stores
        ["conv2d_batch_norm_apply_3x3_f32"] = 0.375,
        ["conv2d_batch_norm_gradient_3x3_bf16"] = 0.25, // up to 128 registers: nine taps' sums of four channels; bound by arithmetic
        ["conv2d_batch_norm_gradient_3x3_f32"] = 0.25,
        ["conv2d_batch_norm_input_3x3_f32"] = 0.375, // a window of 25 pixels
        ["conv2d_batch_norm_moments_3x3_f32"] = 0.375, // fourteen sums in f64
        // Tiles' slices in shared memory, 81 KiB, and their sums and operands in registers.
        ["linear_gelu_f32"] = 0.0625,
        ["nt_xent_products_f32"] = 0.125,
        ["nt_xent_scores_f32"] = 0.125,
        ["log_mel_forward_f32"] = 0.375, // a block's frames in shared memory, 48 KiB
        ["log_mel_warp_f32"] = 0.25, // up to 128 registers: sixteen points of a frame and their factors
        ["mel_patches_backward_bf16"] = 0.375, // four frames' sums and what leans on them, in 64-bit numbers; once a clip
        ["mel_patches_backward_f32"] = 0.375,
        ["packed_conv2d_input_f32"] = 0.25, // sixteen loads of a tile on their way
        ["packed_conv2d_output_f32"] = 0.25,
        ["packed_conv_block_forward_f32"] = 0, // 203 KiB: an eighth on sm_90; sm_80 has no room for it, and the library convolves
        ["packed_conv_block_forward_bf16"] = 0.125, // a tile of maps in shared memory, 104 KiB, and its sums in registers
        ["search_rows_bound_one_bf16"] = 0.25, // rows on their way, and sums of their squares
        ["search_rows_several_bf16"] = 0.25, // up to 128 registers: rows on their way, and sums of several queries
        ["search_rows_several_f32"] = 0.25,
        // A window's tokens, weights and gradients of one head in shared memory, 46 KiB, or of two; scores in registers.
        ["window_attention_backward_bf16"] = 0.125,
        ["window_attention_backward_f32"] = 0.1875,
        ["window_attention_forward_bf16"] = 0.375, // 22 KiB a head
        ["window_attention_forward_f32"] = 0.25,
    };

    static readonly (string Name, int SharedBytes)[] _architectures = [("sm_80", 164 << 10), ("sm_90", 228 << 10)];

    static readonly Lazy<JsonElement> _budget = new(() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.RepositoryRoot, "kernels", "budget.json"))).RootElement);

    public static IEnumerable<string> Complaints(CountedLaunch launch)
    {
        if (!_budget.Value.TryGetProperty(launch.Kernel, out var rows))
        {
            yield return $"{launch.Kernel} is not in kernels/budget.json";
            yield break;
        }
        foreach (var (architecture, sharedBytes) in _architectures)
        {
            var row = rows.GetProperty(architecture);
            double share = Of(row.GetProperty("registers").GetInt32(), row.GetProperty("shared_bytes").GetInt32() + launch.DynamicBytes,
                launch.Threads, sharedBytes);
            double target = _targets.GetValueOrDefault(launch.Kernel, Target);
            if (share < target)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{launch.Kernel} on {architecture}: blocks of {launch.Threads} threads and {launch.DynamicBytes} dynamic bytes "
                    + $"fill {share:P0} of a multiprocessor, the target is {target:P0}");
        }
    }

    /// <summary>Share of the multiprocessor's warps that blocks of this kind can fill.</summary>
    /// <param name="available">Shared memory of a multiprocessor.</param>
    public static double Of(int registers, int sharedBytes, int threads, int available)
    {
        int warps = (threads + 31) / 32;
        // Registers are given to each of four schedulers' warps in steps.
        int warpsByRegisters = Registers / RoundUp(registers * 32, RegistersPerWarpStep) / 4 * 4;
        int blocks = Math.Min(Blocks, Math.Min(Warps / warps, warpsByRegisters / warps));
        blocks = Math.Min(blocks, available / RoundUp(sharedBytes + SharedReservedPerBlock, SharedStep));
        return (double)(blocks * warps) / Warps;
    }

    static int RoundUp(int value, int step) => (value + step - 1) / step * step;
}
