namespace NativeRetrieval.OpCases;

/// <summary>
/// The least that an operation can cost on any device whose caches hold less than its tensors: each input read once and each output
/// written once, a tensor twice where its values are needed again after all of them were seen. Small tensors, such as lengths, are left
/// out.
/// </summary>
/// <param name="ForwardBytes">Bytes moved from and to memory.</param>
/// <param name="BackwardBytes">The same of the backward pass; null where no model takes the gradient.</param>
/// <param name="Flops">
/// Operations of the forward pass, two for each multiply-add; 0 where memory is the limit by far. Backward takes twice as many.
/// </param>
public sealed record Cost(long ForwardBytes, long? BackwardBytes, double Flops = 0);
