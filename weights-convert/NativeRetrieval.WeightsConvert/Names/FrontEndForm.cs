using NativeRetrieval.Core.Features;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>A log-mel front end that published encoders were trained with.</summary>
/// <param name="Name">Name that users type, e.g. <c>16k</c>.</param>
/// <param name="Settings">Sample rate, window, hop and mel bins.</param>
public sealed record FrontEndForm(string Name, LogMelSettings Settings);
