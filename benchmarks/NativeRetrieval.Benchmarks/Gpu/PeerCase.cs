namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>What PyTorch computed for one question, such as the gradients of CNN14.</summary>
/// <param name="Tolerance">The largest relative error that passes.</param>
internal sealed record PeerCase(string Name, double Tolerance, IReadOnlyList<PeerTensor> Tensors);
