using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <remarks>The scores of all pairs are in memory at once, as the teacher's are.</remarks>
    public void Distillation(Tensor audio, Tensor text, Tensor teacher, DistillationOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        const int itemsPerBlock = 8, columnsPerBlock = 32, rowsPerThread = 16;
        int batch = audio.Shape[0], width = audio.Shape[1];
        float inverse = (float)(1 / options.Temperature), teachers = (float)(1 / options.TeacherTemperature);
        float weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        using var scores = Tensor.Empty([batch, batch], device);
        using var logSums = Tensor.Empty([4, batch], device);
        using var losses = Tensor.Empty([2, batch], device);

        // Exact whatever the device's options say, as those of NtXent.
        if (width == 0) device.Clear(scores.Address, scores.SizeBytes);
        else Products.Multiply(batch, batch, width, F32(audio), false, F32(text), true, F32(scores), exact: true);
        Launch("distillation", "distillation_rows_f32", Ceil(batch, itemsPerBlock), Block, 0,
            F32(scores), F32(teacher), inverse, teachers, F32(logSums), F32(losses), batch);
        Launch("distillation", "distillation_columns_f32", Ceil(batch, columnsPerBlock), Block, 0,
            F32(scores), F32(teacher), inverse, teachers, F32(logSums), F32(losses), batch);
        int threads = RowThreads(2 * batch);
        Launch("distillation", "distillation_loss_f32", 1, threads, WarpSums(threads), F32(losses), weight, F32(loss), batch);
        if (dAudio is null || dText is null || width == 0) return;

        Launch("distillation", "distillation_gradient_f32", (Ceil(batch, Block), Math.Min(Ceil(batch, rowsPerThread), GridLimit), 1),
            Block, 0, F32(scores), F32(teacher), F32(logSums), inverse, teachers, weight, batch);
        Products.Multiply(batch, width, batch, F32(scores), false, F32(text), false, F32(dAudio), exact: true);
        Products.Multiply(batch, width, batch, F32(scores), true, F32(audio), false, F32(dText), exact: true);
    }
}
