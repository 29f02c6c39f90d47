using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Optimizers;

/// <summary>Parameters that learn at one multiple of the scheduled rate.</summary>
/// <param name="Parameters">Names are the keys of the optimizer's state in a checkpoint.</param>
/// <param name="RateFactor">Multiplies the learning rate; 0 or more, 1 by default.</param>
/// <param name="FirstStep">
/// Steps of the run before the group's first: those that were unfrozen later start Adam's bias correction there.
/// </param>
public sealed record ParameterGroup(IReadOnlyList<(string Name, Tensor Tensor)> Parameters, double RateFactor = 1, long FirstStep = 0);
