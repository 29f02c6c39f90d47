using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Over all elements in memory order, whatever the layout.</remarks>
internal sealed partial class CudaBackend
{
    const string ElementwiseFile = "elementwise";

    public void AddScaled(Tensor a, Tensor b, double scale, Tensor y) =>
        LaunchOver(a.StoredCount, ElementwiseFile, "elementwise_add_scaled_f32", F32(a), F32(b), (float)scale, F32(y), a.StoredCount);

    public void AddRelu(Tensor a, Tensor b, Tensor y) =>
        LaunchOver(a.StoredCount, ElementwiseFile, "elementwise_add_relu_f32", F32(a), F32(b), F32(y), a.StoredCount);

    public void Relu(Tensor x, Tensor y) => LaunchOver(x.StoredCount, ElementwiseFile, "elementwise_relu_f32", F32(x), F32(y), x.StoredCount);

    public void ReluBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.StoredCount, ElementwiseFile, "elementwise_relu_backward_f32", F32(dy), F32(y), F32(dx), y.StoredCount);

    public void Scale(Tensor x, double factor, Tensor y) =>
        LaunchOver(x.StoredCount, ElementwiseFile, "elementwise_scale_f32", F32(x), (nint)0, (float)factor, F32(y), x.StoredCount);

    public void ScaleBy(Tensor x, Tensor factor, Tensor y) =>
        LaunchOver(x.StoredCount, ElementwiseFile, "elementwise_scale_f32", F32(x), F32(factor), 1f, F32(y), x.StoredCount);

    public void Fill(Tensor y, double value) => LaunchOver(y.StoredCount, ElementwiseFile, "elementwise_fill_f32", (float)value, F32(y), y.StoredCount);
}
