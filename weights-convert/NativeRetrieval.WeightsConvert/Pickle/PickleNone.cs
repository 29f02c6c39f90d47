namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Python's <c>None</c>.</summary>
sealed class PickleNone
{
    public static readonly PickleNone Value = new();

    PickleNone() { }

    public override string ToString() => "None";
}
