namespace NativeRetrieval.Core.Errors;

/// <summary>A tensor has another shape, dtype, layout or device than the operation takes.</summary>
public sealed class ShapeException(string message) : NativeRetrievalException(message);
