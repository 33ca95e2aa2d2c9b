// Types, not interfaces: the helpers ask for Record<string, unknown>, which an interface does not satisfy.

export type ReviewKey = { productId: string; reviewId: string };

export type Review = ReviewKey & {
  authorId: string;
  rating: number;
  title: string;
  body?: string;
  helpful: number;
  createdAt: string;
};

export type AddReviewInput = Pick<Review, 'productId' | 'authorId' | 'rating' | 'title' | 'body'>;
