namespace NativeRetrieval.Training.Settings;

/// <summary>The written form of an enum value where it is not the name in kebab-case.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class SettingNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
