namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>One network of a map.</summary>
sealed record MapPartDocument(string Architecture, string Source, string Target);
