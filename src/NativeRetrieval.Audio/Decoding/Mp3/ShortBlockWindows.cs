using System.Reflection;
using NLayer;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// Completes a table of NLayer 3.0.1: the windows of short blocks by sample. It stops before the last scale factor band, so that all three
/// windows take the first one's gain there; transients of files by LAME in variable bit rate would become many times too loud or vanish.
/// </summary>
internal static class ShortBlockWindows
{
    const int Samples = 576, Windows = 3;

    const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    static readonly FieldInfo? _layerIII = typeof(MpegFrameDecoder).GetField("_layerIIIDecoder", Private);

    // Named by a literal, so that a trimmed program keeps the field.
    static readonly FieldInfo? _windows = Type.GetType("NLayer.Decoder.LayerIIIDecoder, NLayer")?.GetField("_cbwLookupS", Private);

    /// <summary>Fills in the last band; where a later version of the library has no such table, nothing is done.</summary>
    /// <param name="decoder">A decoder that has met a Layer III frame: it makes its tables then.</param>
    public static void Complete(MpegFrameDecoder decoder, int sampleRateHz)
    {
        object? layer = _layerIII?.GetValue(decoder);
        if (_windows?.DeclaringType?.IsInstanceOfType(layer) != true || _windows.GetValue(layer) is not byte[] windows) return;
        int first = Windows * FirstOfLastBand(sampleRateHz), width = (Samples - first) / Windows;
        for (int i = first; i < Samples && i < windows.Length; i++) windows[i] = (byte)((i - first) / width);
    }

    /// <summary>Start of the last band of a short block, in lines of one window (ISO/IEC 11172-3, B.8, and 13818-3, B.2).</summary>
    static int FirstOfLastBand(int sampleRateHz) => sampleRateHz switch
    {
        44100 => 136,
        48000 => 126,
        32000 or 24000 => 180,
        8000 => 166,
        _ => 174,
    };
}
