namespace NativeRetrieval.Training.Settings;

/// <summary>What a setting means and what it may be. The one source for validation, error messages, the listing of settings and the comments in stored settings.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string meaning) : Attribute
{
    public string Meaning { get; } = meaning;

    /// <summary>Smallest value of a number, or of each number of a list.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest value of a number, or of each number of a list.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary><see cref="Min"/> itself is excluded.</summary>
    public bool AboveMin { get; init; }

    /// <summary>The name in files and on the command line where it is not the property's in snake_case.</summary>
    public string? Key { get; init; }
}
