namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>The codec that the first packet of an Ogg stream names.</summary>
internal enum OggCodec { Other, Vorbis, Opus, Flac }

/// <summary>One link of a chained Ogg stream: a stream that could be a file of its own.</summary>
/// <param name="Start">Its first byte in the file.</param>
/// <param name="End">The byte behind its last.</param>
/// <param name="LastGranule">Position behind the last page, in samples (of Opus: at 48 kHz); 0 where no page says one.</param>
internal sealed record OggLink(long Start, long End, OggCodec Codec, long LastGranule);
