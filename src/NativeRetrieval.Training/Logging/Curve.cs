namespace NativeRetrieval.Training.Logging;

/// <summary>One line of a chart.</summary>
/// <param name="Points">x ascending; points whose y is NaN are left out.</param>
public sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);
