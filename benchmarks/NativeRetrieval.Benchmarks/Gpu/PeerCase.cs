namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>PyTorch's answer to one question, such as the gradients of CNN14.</summary>
/// <param name="Tolerance">The largest relative error that passes.</param>
internal sealed record PeerCase(string Name, double Tolerance, IReadOnlyList<PeerTensor> Tensors);
