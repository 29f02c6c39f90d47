namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>The codec that the first packet of an Ogg stream names.</summary>
internal enum OggCodec { Other, Vorbis, Opus, Flac }

/// <summary>One link of a chained Ogg stream: a stream that could be a file of its own.</summary>
/// <param name="Ranges">Bytes [start, end) of the sound's pages; those of other streams beside it, as of pictures, are left out.</param>
/// <param name="LastGranule">Position behind the last page, in samples (of Opus: at 48 kHz); 0 where no page says one.</param>
internal sealed record OggLink(IReadOnlyList<(long Start, long End)> Ranges, OggCodec Codec, long LastGranule);
