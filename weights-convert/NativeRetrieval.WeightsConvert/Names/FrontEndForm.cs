using NativeRetrieval.Core.Features;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>A front end that published encoders were trained with.</summary>
/// <param name="Name">What users type, e.g. <c>16k</c>.</param>
public sealed record FrontEndForm(string Name, LogMelSettings Settings);
