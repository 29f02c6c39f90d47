namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>One network inside a checkpoint.</summary>
/// <param name="Source">What its names begin with in the checkpoint.</param>
/// <param name="Target">What they begin with here.</param>
sealed record MapPart(Architecture Architecture, string Source, string Target);
